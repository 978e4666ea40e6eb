import { systemClock } from '../agent/clock.ts';
import { withDeadline } from '../agent/deadline.ts';
import type { Composed } from '../compose.ts';
import type { AuthConfig, Config } from '../config/config.ts';
import { SnapshotError, toSnapshotError } from '../errors.ts';
import { type DrillJob, type DrillLevel, type DrillRecord, prepareDrill, reach, runDrill } from '../recovery/drill.ts';
import { judgeAge } from '../recovery/drill-checks.ts';
import { isFinding, recordDrill } from '../recovery/drill-record.ts';
import { type Fetched, fetchSnapshot } from '../recovery/fetch.ts';
import type { SnapshotFacts } from '../recovery/guards.ts';
import { type Account, describeSnapshot } from '../recovery/outcome.ts';
import type { ThrowawayPlace } from '../recovery/throwaway.ts';
import { findBinary } from '../throwaway/binary.ts';
import type { HostPort } from '../throwaway/drill-config.ts';
import { GivenPlace } from '../throwaway/given-place.ts';
import { OwnPlace } from '../throwaway/own-place.ts';
import { readShares } from '../vault/shares.ts';
import { parseAddress } from '../vault/transport.ts';
import type { Host } from './host.ts';
import type { Chosen } from './recovery-source.ts';
import { VERSION } from './version.ts';

const APPLY_LIMIT_MS = 15 * 60_000;

/** How one drill is to go. */
export interface Drilling {
  readonly level: DrillLevel;
  readonly maxAgeMs: number;
  readonly restoreTimeoutMs: number | undefined;
  readonly binary: string | undefined;
  readonly address: string | undefined;
  readonly isDryRun: boolean;
  readonly isRecording: boolean;
  readonly isCanaryRewritten: boolean;
  choose(signal: AbortSignal): Promise<Chosen>;
  onProgress(what: string, bytes: number, total: number): void;
}

export interface DrillingDeps {
  readonly config: Config;
  readonly composed: Composed;
  readonly host: Host;
  readonly account: Account;
  readonly record: DrillRecord;
}

/** One drill from the choice of the snapshot to the record of it. Whatever its end, nothing of it is left that it does not name. */
export async function carryOutDrill(drilling: Drilling, deps: DrillingDeps, stop: AbortSignal): Promise<void> {
  const { timeoutMs } = deps.config.drill;
  const late = () => new SnapshotError('restore_timeout', `drill: not done within ${timeoutMs / 1000} s`, { advice: 'give it more time with "drill.timeout"' });
  let chosen: Chosen | undefined;
  const choose = async (signal: AbortSignal) => {
    chosen = await deps.account.step('choose', () => drilling.choose(signal));
    return chosen;
  };
  const error = await withDeadline(stop, timeoutMs, late, (signal) => drillOnce(choose, drilling, deps, signal)).then(
    () => undefined,
    (thrown: unknown) => {
      if (stop.aborted) throw thrown;
      return toSnapshotError(thrown);
    },
  );
  if (chosen !== undefined && drilling.isRecording && !drilling.isDryRun) await note(chosen, error, deps, stop);
  if (error !== undefined) throw error;
}

async function drillOnce(choose: (signal: AbortSignal) => Promise<Chosen>, drilling: Drilling, deps: DrillingDeps, signal: AbortSignal): Promise<void> {
  const begunAt = systemClock.now();
  const { source, from, warnings } = await choose(signal);
  deps.account.warnings.push(...warnings);
  deps.account.destination = from?.storage.name;
  deps.account.snapshot = describeSnapshot(source.name, source, systemClock.now());
  const reading = {
    spools: deps.composed.spools,
    stallTimeoutMs: deps.config.stallTimeoutMs,
    onProgress: (bytes: number, total: number) => drilling.onProgress('read', bytes, total),
  };
  const fetched = await deps.account.step('read', () => fetchSnapshot(source, reading, signal));
  try {
    await tryOut(fetched, begunAt, drilling, deps, signal);
  } finally {
    await fetched.remove();
  }
}

async function tryOut(fetched: Fetched, begunAt: Date, drilling: Drilling, deps: DrillingDeps, signal: AbortSignal): Promise<void> {
  const { config, account, record } = deps;
  const { manifest, takenAt } = fetched.source;
  const snapshot: SnapshotFacts = { proof: fetched.proof, manifest, takenAt, clusterId: manifest?.cluster_id };
  account.snapshot = describeSnapshot(fetched.source.name, snapshot, systemClock.now());
  const place = await openPlace(snapshot, drilling, deps);
  const job: DrillJob = {
    fetched,
    snapshot,
    record,
    begunAt,
    wish: { level: drilling.level, contents: config.drill.contents, maxAgeMs: drilling.maxAgeMs, isCanaryRewritten: drilling.isCanaryRewritten },
    deps: {
      place,
      account,
      clock: systemClock,
      stallTimeoutMs: config.stallTimeoutMs,
      timeoutMs: drilling.restoreTimeoutMs ?? APPLY_LIMIT_MS,
      shares: await readShares(config.recovery.shares),
      hasLogin: config.drill.login !== undefined,
      onUpload: (bytes, total) => drilling.onProgress('send', bytes, total),
    },
  };
  reach(job, 'verified');
  if (drilling.level === 'verified') return judgeAge(takenAt, drilling.maxAgeMs, systemClock.now());
  try {
    await prepareDrill(job, signal);
    if (!drilling.isDryRun) await runDrill(job, signal);
  } finally {
    await account.step('clean', async () => {
      account.leftBehind.push(...(await place.remove()));
    });
  }
  if (account.leftBehind.length > 0 && drilling.address === undefined) {
    throw new SnapshotError('failed', 'clean: not all of it could be removed', { advice: 'remove by hand what is named as left behind: secrets lie in it' });
  }
}

async function openPlace(snapshot: SnapshotFacts, drilling: Drilling, { config, composed, host }: DrillingDeps): Promise<ThrowawayPlace> {
  const { drill, vault } = config;
  const isNeeded = ({ host: name, port }: HostPort) => drill.allow.some((one) => one.host === name && one.port === port);
  const closed = [...sourceOf(vault.address), ...drill.probe].filter((address) => !isNeeded(address));
  const auth: AuthConfig = drill.login === undefined ? { method: 'none' } : { method: 'approle', ...drill.login, isSecretIdWrapped: false };
  if (drilling.address !== undefined) return new GivenPlace({ target: { ...vault, namespace: undefined, address: drilling.address, auth }, closed });
  return new OwnPlace({
    binary: drilling.binary ?? drill.binary ?? (await findBinary(snapshot.manifest?.product ?? 'vault', host.env)),
    path: host.env.PATH ?? '/usr/bin:/bin',
    isolation: { kind: drill.isolation, privateDirectories: drill.privateDirectories },
    sealFile: drill.sealFile,
    closed,
    needed: drill.allow,
    auth,
    stateDirectory: composed.stateDirectory,
    witness: composed.witness,
    end: (pid) => host.end(pid),
  });
}

/** Where the cluster itself answers: a copy must not reach it. */
function sourceOf(address: string) {
  const { base, host, socketPath, isTls } = parseAddress(address);
  if (socketPath !== undefined) return [];
  return [{ host: host.replace(/^\[|\]$/g, ''), port: Number(new URL(base).port || (isTls ? 443 : 80)) }];
}

/** Only what has a manifest has a place for records, and an alias holds another snapshot soon. */
async function note({ from, source }: Chosen, error: SnapshotError | undefined, { account, record, host, config }: DrillingDeps, signal: AbortSignal) {
  const { manifest } = source;
  if (from === undefined || manifest === undefined || !from.keepsHistory) return;
  if (error !== undefined && !isFinding(error)) return;
  const { level } = account;
  const about = { destination: from, manifest, level, record, error, at: systemClock.now(), by: host.hostname, agentVersion: VERSION };
  const warning = await account.step('record', () => recordDrill({ ...about, stallTimeoutMs: config.stallTimeoutMs }, signal));
  if (warning !== undefined) account.warnings.push(warning);
}
