import type { RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';
import type { Tell } from './events.ts';
import { type VerifyPlan, VerifyTurn } from './verify-turn.ts';

/** Reads stored snapshots back between the rounds of the leader, one at a time. A round goes first; what it cuts off goes on after it. */
export class VerifySchedule {
  readonly #deps: RoundDeps;
  readonly #turns: readonly VerifyTurn[];
  #left: readonly VerifyTurn[] = [];

  constructor(plan: VerifyPlan, destinations: readonly Destination[], deps: RoundDeps) {
    this.#deps = deps;
    this.#turns = destinations.map((destination) => new VerifyTurn(plan, destination, deps));
  }

  /** What another node verified, or this one before it was started anew, is not due again. */
  readonly hear: Tell = (event) => {
    if (event.kind === 'stock') this.#turns.find(({ name }) => name === event.destination)?.learn(event.totals.verifiedAt);
  };

  /** A rest begins: what could not be done in the one before is tried again. */
  rest(): void {
    this.#left = this.#turns;
  }

  /** Begins what is due before `wake` and works on it until the next round at most. Never rejects. */
  async keep(wake: Date, nextRound: Date, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const turn = this.#left.toSorted((a, b) => a.dueAt.getTime() - b.dueAt.getTime())[0];
      if (turn === undefined || turn.dueAt > wake || turn.dueAt >= nextRound) return;
      await this.#deps.clock.waitUntil(turn.dueAt, signal);
      const isDone = !signal.aborted && (await turn.serve(nextRound, signal));
      if (!isDone) this.#left = this.#left.filter((other) => other !== turn);
    }
  }
}
