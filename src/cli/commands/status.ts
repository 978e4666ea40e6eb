import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { ERROR_CODES, type ErrorCode, SnapshotError, toSnapshotError } from '../../errors.ts';
import { ask } from '../../observability/http/ask.ts';
import { STATUS_SOCKET } from '../../observability/http/service.ts';
import type { ListenSettings } from '../../observability/listen-config.ts';
import type { ClusterStatus, Status } from '../../observability/status.ts';
import { stateDirectories } from '../../spool/state-directory.ts';
import { complain } from '../complain.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { load } from '../load.ts';
import { printReport } from '../print.ts';
import { renderStatusText } from '../status-report.ts';

const ANSWER_LIMIT_MS = 10_000;
const HANGS_ADVICE = 'look at its journal, then restart it; systemd does so by itself when WatchdogSec= is over';

/** What the running daemon says of itself. The exit code tells how much is wrong. */
export async function runStatus({ flags }: Asked<'status'>, host: Host): Promise<number> {
  const text = await askFirst(placesToAsk(await loadIfRight(flags, host), host));
  const status = parseStatus(text);
  if (flags.json) host.out(text);
  else printReport(host, renderStatusText(status));
  const found = status.clusters.map(faultOf);
  const worst = WORST_FIRST.find((code) => found.includes(code));
  return worst === undefined ? 0 : ERROR_CODES[worst].exitCode;
}

const WORST_FIRST = ['stale', 'partial', 'failed'] as const satisfies readonly ErrorCode[];

function faultOf({ destinations, verdict }: ClusterStatus): (typeof WORST_FIRST)[number] | undefined {
  const stale = destinations.filter(({ freshness }) => freshness === 'stale');
  if (stale.length > 0 && stale.length === destinations.length) return 'stale';
  if (stale.length > 0 || destinations.some(({ last_error }) => last_error !== null)) return 'partial';
  return verdict === 'failing' ? 'failed' : undefined;
}

/** A daemon whose file was spoiled since its start goes on, and is to be found all the same. */
async function loadIfRight(flags: Asked<'status'>['flags'], host: Host): Promise<Config | undefined> {
  try {
    return (await load(flags, host)).config;
  } catch (thrown) {
    complain(host, toSnapshotError(thrown));
    return undefined;
  }
}

function placesToAsk(config: Config | undefined, { env, homeDirectory }: Host): readonly ListenSettings[] {
  const sockets = stateDirectories({ configured: config?.spoolPath, env, homeDirectory }).map(
    (directory): ListenSettings => ({ place: { kind: 'unix', path: join(directory, STATUS_SOCKET) }, tls: undefined, token: undefined }),
  );
  return config?.listen === undefined ? sockets : [...sockets, config.listen];
}

async function askFirst(places: readonly ListenSettings[]): Promise<string> {
  const refusals: string[] = [];
  for (const place of places) {
    const late = AbortSignal.timeout(ANSWER_LIMIT_MS);
    try {
      return await ask(place, '/status', late);
    } catch (thrown) {
      if (!(thrown instanceof SnapshotError)) throw thrown;
      // Somebody is there and says nothing: it would say no more at another address.
      if (late.aborted) throw new SnapshotError('no_daemon', `the daemon hangs: ${thrown.message}`, { cause: thrown, advice: HANGS_ADVICE });
      refusals.push(thrown.message);
    }
  }
  throw new SnapshotError('no_daemon', `no daemon answers: ${refusals.join(', ')}`);
}

function parseStatus(text: string): Status {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === 'object' && status !== null && 'clusters' in status && Array.isArray(status.clusters)) return status as Status;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SnapshotError('no_daemon', 'what answers is no vault-snapshotd');
}
