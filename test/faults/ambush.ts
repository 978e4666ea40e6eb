import type { Moment, Passing, Phase } from './phases.ts';

export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What becomes of a request that is met: nothing, no answer ever, a broken connection, an answer of ours, or an error of the file system. */
export type Act = 'go' | 'silence' | 'cut' | Refusal | { readonly errno: string };

/** `ever after`: from the first time on, whatever is asked. */
export type Repeats = 'once' | 'always' | 'ever after';

export interface Plan {
  readonly phase: Phase;
  readonly moment: Moment;
  readonly repeats: Repeats;
  act(): Promise<Act>;
}

/** Waits for one moment of a round and does there what it was told; otherwise everything goes on. */
export class Ambush {
  readonly #plan: Plan;
  #hits = 0;
  #isLifted = false;
  #acting: Promise<unknown> = Promise.resolve();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  get wasMet(): boolean {
    return this.#hits > 0;
  }

  lift(): void {
    this.#isLifted = true;
  }

  /** Until what it began is done. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#acting]);
  }

  async meet(passing: Passing | undefined, moment: Moment): Promise<Act> {
    const { repeats, act } = this.#plan;
    if (this.#isLifted || (this.wasMet && repeats === 'once')) return 'go';
    if (!(this.wasMet && repeats === 'ever after') && !this.#isMeant(passing, moment)) return 'go';
    this.#hits++;
    const acting = act();
    this.#acting = acting;
    return await acting;
  }

  #isMeant(passing: Passing | undefined, moment: Moment): boolean {
    const { phase, moment: meant } = this.#plan;
    if (passing?.phase !== phase || moment !== meant) return false;
    // A manifest takes several requests; it is done when it can be seen.
    return phase !== 'manifest' || moment !== 'after' || passing.isCommit;
  }
}
