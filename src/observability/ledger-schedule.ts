import type { AgentEvent } from '../agent/events.ts';
import type { RoundReport } from '../agent/report.ts';
import type { ScheduleView } from './view.ts';

/** The rounds of one schedule. When the last one succeeded is not counted here: the destinations tell that. */
export class ScheduleAccount {
  readonly #name: string;
  readonly #now: () => Date;
  #intervalMs = 0;
  #nextAt: Date | undefined;
  #lastAttemptAt: Date | undefined;
  #consecutiveFailures = 0;
  /** The last of them was that nobody could tell who leads. */
  #isBlind = false;
  #successes = 0;
  #failures = 0;
  #skipped = 0;

  constructor(name: string, now: () => Date) {
    this.#name = name;
    this.#now = now;
  }

  follow(intervalMs: number): void {
    this.#intervalMs = intervalMs;
  }

  /** `destinations`: the names of those that go by this schedule. */
  hear(event: AgentEvent, destinations: readonly string[]): void {
    switch (event.kind) {
      case 'leadership':
        // The rounds are another node's now, or it is known again who leads, and what is due is tried anew.
        if (event.role === 'standby' || this.#isBlind) this.#consecutiveFailures = 0;
        this.#isBlind = false;
        break;
      case 'round_began':
        if (event.schedules.includes(this.#name)) this.#lastAttemptAt = this.#now();
        break;
      case 'round_ended':
        if (event.schedules.includes(this.#name)) this.#count(event.report, destinations);
        break;
      case 'ticks_skipped':
        if (event.schedule === this.#name) this.#skipped += event.count;
        break;
      case 'next_round':
        if (event.schedule === this.#name) this.#nextAt = event.at;
    }
  }

  view() {
    return {
      name: this.#name,
      intervalMs: this.#intervalMs,
      nextAt: this.#nextAt,
      lastAttemptAt: this.#lastAttemptAt,
      consecutiveFailures: this.#consecutiveFailures,
      successes: this.#successes,
      failures: this.#failures,
      skipped: this.#skipped,
    } satisfies Partial<ScheduleView>;
  }

  #count(report: RoundReport, destinations: readonly string[]): void {
    // Nobody could tell who leads: no round began, but one was wanted.
    this.#isBlind = report.outcome === 'failed' && report.stage === 'leadership';
    if (this.#isBlind) this.#lastAttemptAt = this.#now();
    if (hasDelivered(report, destinations)) {
      this.#successes++;
      this.#consecutiveFailures = 0;
    } else {
      this.#failures++;
      this.#consecutiveFailures++;
    }
  }
}

/** A round that served others but none of these has failed for them. */
function hasDelivered(report: RoundReport, destinations: readonly string[]): boolean {
  return (report.outcome === 'taken' || report.outcome === 'partial') && report.delivered.some(({ destination }) => destinations.includes(destination));
}
