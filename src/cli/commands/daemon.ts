import { SystemdManager } from '../../observability/notify-systemd.ts';
import { Daemon } from '../daemon.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { loadForRounds } from '../load.ts';
import { listenForStop } from '../signals.ts';
import { runOnce } from './once.ts';

// Vault is given that long for its first answer before we are ready all the same.
const FIRST_LOOK_MS = 20_000;

/** Rounds until SIGTERM or SIGINT. SIGHUP brings in a new configuration between two rounds, SIGUSR1 a snapshot now. */
export async function runDaemon(asked: Asked<'daemon'>, host: Host): Promise<number> {
  const { config } = await loadForRounds(asked.flags, host);
  const manager = new SystemdManager({ env: host.env, pid: host.pid });
  if (config.isOneShot) {
    manager.ready();
    return runOnce(asked, host);
  }
  const stopping = listenForStop(host, config.stopGraceMs);
  const starting = Daemon.start(config, { host, manager, load: async () => (await loadForRounds(asked.flags, host)).config });
  const reloads = listenForReload(starting, host);
  const daemon = await starting;
  try {
    attend(manager, daemon, stopping.stop);
    await daemon.run(stopping);
  } finally {
    await reloads();
    await daemon.close();
  }
  return 0;
}

/** Heard from the start, for both signals end a process that does not listen; acted on once there is something to act on. */
function listenForReload(starting: Promise<Daemon>, host: Host): () => Promise<unknown> {
  // A start that failed has been told.
  const started = starting.catch(() => undefined);
  let reloading: Promise<unknown> = started;
  host.on('SIGHUP', () => {
    // One after the other: the last one sent is the one that counts.
    reloading = reloading.then(async () => (await started)?.reload());
  });
  host.on('SIGUSR1', () => void started.then((daemon) => daemon?.current.agent.trigger()));
  return () => reloading;
}

/** Tells the service manager of the start and the stop, and lets it watch over what lies between. */
function attend(manager: SystemdManager, daemon: Daemon, stop: AbortSignal): void {
  const { vault, log } = daemon.current;
  void manager.lost.then((reason) => log.warn({ event: 'notify_failed', error: String(reason) }, 'systemd cannot be told how we get on'));
  stop.addEventListener('abort', () => manager.stopping(), { once: true });
  manager.watch(() => daemon.current.progress.isMade, stop);
  // Whatever it says: a sealed Vault is no reason not to start.
  void Promise.allSettled([vault.leadership(AbortSignal.any([stop, AbortSignal.timeout(FIRST_LOOK_MS)]))]).then(() => daemon.ready());
}
