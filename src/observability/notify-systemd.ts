import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServiceManager } from './contract.ts';

// systemd-notify waits until systemd has read the message; a manager that does not read must not keep ours waiting for ever.
const PATIENCE_MS = 5_000;

const run = promisify(execFile);

export interface SystemdDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
}

/** Speaks to systemd, where it listens: Node has no datagram sockets, so `systemd-notify` says it, message after message. */
export class SystemdManager implements ServiceManager {
  readonly #deps: SystemdDeps;
  readonly #lost = Promise.withResolvers<unknown>();
  #last: Promise<void> = Promise.resolve();

  constructor(deps: SystemdDeps) {
    this.#deps = deps;
  }

  /** Resolves with the reason as soon as a message got lost. */
  get lost(): Promise<unknown> {
    return this.#lost.promise;
  }

  status(text: string): void {
    this.#tell(`STATUS=${text.replace(/\p{Cc}+/gu, ' ')}`);
  }

  ready(): void {
    this.#tell('READY=1');
  }

  reloading(): void {
    this.#tell('RELOADING=1');
  }

  stopping(): void {
    this.#tell('STOPPING=1', 'STATUS=stopping');
  }

  watch(isAlive: () => boolean, signal: AbortSignal): void {
    const { WATCHDOG_USEC, WATCHDOG_PID } = this.#deps.env;
    const limitMs = Number(WATCHDOG_USEC) / 1000;
    if (!(limitMs > 0) || (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(this.#deps.pid))) return;
    const beat = setInterval(() => {
      if (isAlive()) this.#tell('WATCHDOG=1');
    }, limitMs / 2).unref();
    signal.addEventListener('abort', () => clearInterval(beat), { once: true });
  }

  /** One after the other: RELOADING and READY in the wrong order would leave the unit reloading. */
  #tell(...assignments: readonly string[]): void {
    if (this.#deps.env.NOTIFY_SOCKET !== undefined) this.#last = this.#last.then(() => this.#send(assignments));
  }

  async #send(assignments: readonly string[]): Promise<void> {
    const { PATH, NOTIFY_SOCKET } = this.#deps.env;
    try {
      await run('systemd-notify', ['--', ...assignments], { env: { PATH, NOTIFY_SOCKET }, timeout: PATIENCE_MS, killSignal: 'SIGKILL' });
    } catch (thrown) {
      this.#lost.resolve(thrown);
    }
  }
}
