import type { Composed } from '../compose.ts';
import { toSnapshotError } from '../errors.ts';
import { lockForDaemon } from '../spool/daemon-lock.ts';
import type { Release } from '../spool/lock.ts';
import type { Host } from './host.ts';

/** The state directories that are this daemon's alone, one after another as configurations name them. */
export class DaemonLocks {
  readonly #holder: string;
  readonly #held = new Map<string, Release>();

  constructor({ pid, hostname }: Host) {
    this.#holder = `process ${pid} on ${hostname}`;
  }

  /** Rejects with `daemon_running`. Where no lock is to be had at all, snapshots matter more. */
  async hold({ stateDirectory, log }: Pick<Composed, 'stateDirectory' | 'log'>): Promise<void> {
    if (this.#held.has(stateDirectory)) return;
    try {
      this.#held.set(stateDirectory, await lockForDaemon(stateDirectory, this.#holder));
    } catch (thrown) {
      const error = toSnapshotError(thrown);
      const { code, message, advice } = error;
      if (code === 'daemon_running') throw error;
      log.warn({ event: 'lock_failed', code, error: message, advice }, 'a second daemon would not be noticed');
    }
  }

  async close(): Promise<void> {
    for (const release of this.#held.values()) await release();
  }
}
