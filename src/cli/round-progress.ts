import type { AgentEvent } from '../agent/events.ts';
import type { Progress } from './progress.ts';

/** How far a round is: first what comes from Vault, whose size nobody knows before; then the upload that has the most to go. */
export class RoundProgress {
  readonly #progress: Progress;
  readonly #sent = new Map<string, number>();
  #spoolBytes = 0;
  #isDrained = false;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  hear(event: AgentEvent): void {
    if (event.kind === 'spool' && event.bytes > 0) this.#spoolBytes = event.bytes;
    if (event.kind === 'stage_ended' && event.stage === 'drain') this.#isDrained = true;
    if (event.kind === 'delivery') {
      if (event.state === 'tailing') this.#sent.set(event.destination, event.bytes);
      else this.#sent.delete(event.destination);
    }
    if (event.kind === 'round_ended') this.#progress.end();
    else if (event.kind === 'spool' || event.kind === 'delivery') this.#show();
  }

  #show(): void {
    const [slowest] = [...this.#sent].sort(([, a], [, b]) => a - b);
    if (!this.#isDrained) this.#progress.tell('from Vault', this.#spoolBytes, undefined);
    else if (slowest) this.#progress.tell(`to ${[...this.#sent.keys()].join(', ')}`, slowest[1], this.#spoolBytes);
    // Committing and reading back take their time too, but have no size.
    else this.#progress.end();
  }
}
