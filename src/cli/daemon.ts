import { type Composed, compose } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { toSnapshotError } from '../errors.ts';
import type { ServiceManager } from '../observability/contract.ts';
import { DaemonLocks } from './daemon-locks.ts';
import { keepDrilling } from './drill-schedule.ts';
import type { Host } from './host.ts';
import type { Stopping } from './signals.ts';
import { keepTextfile, Watching } from './watching.ts';

export interface DaemonDeps {
  readonly host: Host;
  readonly manager: ServiceManager;
  load(): Promise<Config>;
}

interface Reign {
  readonly config: Config;
  readonly composed: Composed;
}

/** Rounds with one configuration after another. A new one takes over between two rounds. */
export class Daemon {
  readonly #deps: DaemonDeps;
  readonly #locks: DaemonLocks;
  readonly #watching: Watching;
  #current: Reign;
  #next: Reign | undefined;
  #replace = new AbortController();
  #isReady = false;

  private constructor(deps: DaemonDeps, first: Reign) {
    this.#deps = deps;
    this.#locks = new DaemonLocks(deps.host);
    this.#current = first;
    this.#watching = new Watching(
      deps.host,
      () => this.#current.composed,
      () => this.#isReady,
    );
  }

  static async start(config: Config, deps: DaemonDeps): Promise<Daemon> {
    const daemon = new Daemon(deps, { config, composed: await compose(config, deps.host, (status) => deps.manager.status(status)) });
    try {
      await daemon.#locks.hold(daemon.current);
      await daemon.#watching.serve(config);
    } catch (error) {
      await daemon.#current.composed.close();
      await daemon.#locks.close();
      throw error;
    }
    return daemon;
  }

  get current(): Composed {
    return this.#current.composed;
  }

  /** The first look at Vault has been taken. */
  ready(): void {
    this.#isReady = true;
    this.#deps.manager.ready();
  }

  /** Never rejects: a configuration that cannot be had is refused, and the old one goes on. */
  async reload(): Promise<void> {
    const { manager, load } = this.#deps;
    manager.reloading();
    try {
      await this.#prepare(await load());
      this.current.program.reloaded(new Date());
    } catch (thrown) {
      const { code, message, advice } = toSnapshotError(thrown);
      this.current.log.error({ event: 'reload_refused', code, error: message, advice }, 'the new configuration is refused, the old one goes on');
      this.current.program.reloadRefused();
    }
    manager.ready();
  }

  /** Until the stop. */
  async run({ stop, abort }: Stopping): Promise<void> {
    while (!stop.aborted) {
      const { config, composed } = this.#current;
      const over = AbortSignal.any([stop, this.#replace.signal]);
      keepTextfile(config, composed, over);
      composed.vault.keepAlive();
      const ended = new AbortController();
      const drilling = keepDrilling(config, composed, this.#deps.host, AbortSignal.any([over, ended.signal]));
      try {
        await composed.agent.run({ stop: over, abort });
      } finally {
        ended.abort();
        await drilling;
        // What it holds keeps the process alive, also when a fault of ours ends the rounds.
        await composed.close();
      }
      if (this.#next === undefined || stop.aborted) return;
      this.#current = this.#next;
      this.#next = undefined;
      this.#replace = new AbortController();
      this.current.log.info({ event: 'config_reloaded', path: this.#current.config.path }, 'the new configuration is in effect');
    }
  }

  async close(): Promise<void> {
    await this.#watching.close();
    await this.#next?.composed.close();
    await this.#locks.close();
  }

  async #prepare(config: Config): Promise<void> {
    const { host, manager } = this.#deps;
    const overtaken = this.#next;
    await this.#watching.serve(config);
    try {
      const composed = await compose(config, host, (status) => manager.status(status), this.current);
      await this.#locks.hold(composed).catch(async (error: unknown) => {
        await composed.close();
        throw error;
      });
      this.#next = { config, composed };
    } catch (error) {
      await this.#watching.serve((overtaken ?? this.#current).config);
      throw error;
    }
    this.#replace.abort();
    await overtaken?.composed.close();
  }
}
