import type { Composed } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { HttpService } from '../observability/http/service.ts';
import { renderMetrics } from '../observability/metrics.ts';
import { Textfile } from '../observability/textfile.ts';
import { findStateDirectory } from '../spool/state-directory.ts';
import type { Host } from './host.ts';

/** Everywhere a daemon tells how it gets on, and what it tells. */
export class Watching {
  readonly #service: HttpService;
  readonly #host: Host;

  constructor(host: Host, current: () => Composed, isReady: () => boolean) {
    this.#host = host;
    const sources = {
      program: () => current().program.view(),
      clusters: () => [current().ledger.view()],
      isAlive: () => current().progress.isMade,
      isReady,
      now: () => new Date(),
    };
    this.#service = new HttpService(sources, () => current().log);
  }

  /** Serves where this configuration says and nowhere else; when that cannot be had, where it did before. */
  async serve({ listen, spoolPath }: Config): Promise<void> {
    const { env, homeDirectory } = this.#host;
    await this.#service.serve({ listen, stateDirectory: await findStateDirectory({ configured: spoolPath, env, homeDirectory }) });
  }

  async close(): Promise<void> {
    await this.#service.close();
  }
}

/** Writes what is known to a file, as long as this configuration is in effect. */
export function keepTextfile({ textfile: path }: Config, { program, ledger, log, listen }: Composed, signal: AbortSignal): void {
  if (path === undefined) return;
  const textfile = new Textfile({ path, log, render: () => renderMetrics(program.view(), [ledger.view()]) });
  textfile.keepWritten(signal);
  listen((event) => event.kind === 'round_ended' && void textfile.write());
}
