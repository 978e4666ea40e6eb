import { type Composed, compose } from '../../compose.ts';
import { toSnapshotError } from '../../errors.ts';
import { SystemdManager } from '../../observability/notify-systemd.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { load } from '../load.ts';
import { listenForStop } from '../signals.ts';
import { runOnce } from './once.ts';

// Vault is given that long for its first answer before we are ready all the same.
const FIRST_LOOK_MS = 20_000;

/** Rounds until SIGTERM or SIGINT. SIGHUP brings in a new configuration between two rounds, SIGUSR1 a snapshot now. */
export async function runDaemon(asked: Asked<'daemon'>, host: Host): Promise<number> {
  const { config } = await load(asked.flags, host);
  const manager = new SystemdManager({ env: host.env, pid: host.pid });
  if (config.isOneShot) {
    manager.ready();
    return runOnce(asked, host);
  }
  const stopping = listenForStop(host, config.stopGraceMs);
  const say = (status: string) => manager.status(status);
  const starting = compose(config, host, say);
  let next: Composed | undefined;
  let replace = new AbortController();
  let reloading: Promise<unknown> = starting;

  async function reload(): Promise<void> {
    manager.reloading();
    try {
      const composed = await compose((await load(asked.flags, host)).config, host, say, current);
      const overtaken = next;
      next = composed;
      replace.abort();
      await overtaken?.close();
      composed.program.reloaded(new Date());
    } catch (thrown) {
      const { code, message, advice } = toSnapshotError(thrown);
      current.log.error({ event: 'reload_refused', code, error: message, advice }, 'the new configuration is refused, the old one goes on');
      current.program.reloadRefused();
    }
    manager.ready();
  }
  // Heard from the start, for SIGHUP ends a process that does not listen; acted on once there is something to act on.
  host.on('SIGHUP', () => {
    // One after the other: the last one sent is the one that counts. A start that failed has been told.
    reloading = reloading.then(reload, () => undefined);
  });
  host.on(
    'SIGUSR1',
    () =>
      void starting.then(
        () => current.agent.trigger(),
        () => undefined,
      ),
  );

  let current = await starting;
  attend(manager, () => current, stopping.stop);
  while (!stopping.stop.aborted) {
    current.vault.keepAlive();
    await current.agent.run({ stop: AbortSignal.any([stopping.stop, replace.signal]), abort: stopping.abort });
    await current.close();
    if (next === undefined || stopping.stop.aborted) break;
    current = next;
    next = undefined;
    replace = new AbortController();
    current.log.info({ event: 'config_reloaded', path: config.path }, 'the new configuration is in effect');
  }
  await reloading;
  await next?.close();
  return 0;
}

/** Tells the service manager of the start and the stop, and lets it watch over what lies between. */
function attend(manager: SystemdManager, current: () => Composed, stop: AbortSignal): void {
  const { vault, log } = current();
  void manager.lost.then((reason) => log.warn({ event: 'notify_failed', error: String(reason) }, 'systemd cannot be told how we get on'));
  stop.addEventListener('abort', () => manager.stopping(), { once: true });
  manager.watch(() => current().progress.isMade, stop);
  // Whatever it says: a sealed Vault is no reason not to start.
  void Promise.allSettled([vault.leadership(AbortSignal.any([stop, AbortSignal.timeout(FIRST_LOOK_MS)]))]).then(() => manager.ready());
}
