import { toSnapshotError } from '../errors.ts';
import type { Log } from '../observability/contract.ts';
import type { Leadership } from '../vault/contract.ts';
import type { Leader, RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';
import { logReport } from './log-report.ts';
import type { RoundReport } from './report.ts';
import { runRound } from './round.ts';
import { dueTime, intervalMs, retryDelayMs, skipTicks } from './schedule.ts';
import { adoptUnfinished, lookAround, prepare } from './start.ts';

/** `stop`: nothing new begins. `abort`: what is under way ends too. */
export interface StopSignals {
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
}

// A standby asks this often whether it leads now, besides its own ticks: leadership that moves about between the ticks
// of all the agents would leave the cluster without a snapshot.
const LEADERSHIP_LOOK_MS = 60_000;

/** The timer around the rounds of one cluster. It owns what is remembered between them. */
export class Agent {
  readonly #deps: RoundDeps;
  readonly #destinations: readonly Destination[];
  readonly #jitterMs: number;
  #wake = new AbortController();
  #isRunning = false;
  #isLeading = false;
  #lastReason = '';
  #failures = 0;
  #retryAt: Date | undefined;

  constructor(deps: RoundDeps, destinations: readonly Destination[], jitterMs: number) {
    this.#deps = deps;
    this.#destinations = destinations;
    this.#jitterMs = jitterMs;
  }

  /** One round for every destination, due or not; does not wait for Vault. */
  async once(abort: AbortSignal): Promise<RoundReport> {
    await prepare(this.#destinations, this.#deps, abort);
    return this.#turn(this.#destinations, { stop: abort, abort });
  }

  /** Until told to stop. A failed round is a line in the log, never the end. */
  async run(stopping: StopSignals): Promise<void> {
    const { stop, abort } = stopping;
    this.#deps.progress?.awake();
    await prepare(this.#destinations, this.#deps, abort);
    while (!stop.aborted) {
      const isForced = this.#wake.signal.aborted;
      this.#wake = new AbortController();
      await this.#turn(isForced ? this.#destinations : undefined, stopping);
      await this.#rest(AbortSignal.any([stop, this.#wake.signal]));
    }
  }

  /** A snapshot for every destination now (SIGUSR1). One round at a time: a second one is refused, not queued. */
  trigger(): void {
    if (this.#isRunning) this.#deps.log.warn({ event: 'trigger_ignored' }, 'a round is running already');
    else this.#wake.abort();
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const { clock, log, random, progress } = this.#deps;
    const now = clock.now();
    forgetFuture(this.#destinations, now);
    const due = Math.min(...this.#destinations.map(({ rule, lastRound }) => dueTime(rule, lastRound, now).getTime()));
    const nextLook = this.#isLeading ? Number.POSITIVE_INFINITY : now.getTime() + LEADERSHIP_LOOK_MS;
    const next = this.#retryAt ?? new Date(Math.min(due + Math.floor(random() * this.#jitterMs), nextLook));
    if (next.getTime() !== nextLook) log.debug({ event: 'next_round', at: next.toISOString() }, 'waiting for the next round');
    progress?.resting(now, next);
    await clock.waitUntil(next, signal);
    progress?.awake();
  }

  /** Asks who leads and acts on it. Without a list, for the destinations that are due. */
  async #turn(forced: readonly Destination[] | undefined, stopping: StopSignals): Promise<RoundReport> {
    const begun = this.#deps.clock.now();
    const report = await this.#decide(forced, begun, stopping);
    logReport(report, this.#deps.log);
    this.#deps.progress?.ended(report);
    this.#remember(report, begun);
    return report;
  }

  async #decide(forced: readonly Destination[] | undefined, begun: Date, { stop, abort }: StopSignals): Promise<RoundReport> {
    const { vault, log } = this.#deps;
    try {
      // A question is nothing to bring to an end: a Vault that hangs must not hold up a stop.
      const leadership = await vault.leadership(AbortSignal.any([stop, abort]));
      this.#tellChange(leadership, log);
      if (leadership.role === 'leader') return await this.#lead(leadership, forced, begun, abort);
      this.#isLeading = false;
      return this.#dueAt(begun).length > 0 || forced ? { outcome: 'standby', reason: leadership.reason } : { outcome: 'not_due' };
    } catch (thrown) {
      this.#isLeading = false;
      if (stop.aborted && !abort.aborted) return { outcome: 'not_due' };
      return { outcome: 'failed', stage: 'leadership', error: toSnapshotError(abort.aborted ? abort.reason : thrown), missed: [] };
    }
  }

  async #lead(leader: Leader, forced: readonly Destination[] | undefined, begun: Date, abort: AbortSignal): Promise<RoundReport> {
    await adoptUnfinished(this.#destinations, this.#deps, abort);
    // A new leader goes by what the others left, so that a change makes neither a gap nor a second snapshot.
    if (!this.#isLeading || leader.isAssumed) await lookAround(this.#destinations, this.#deps, abort);
    this.#isLeading = true;
    const due = forced ?? this.#dueAt(begun);
    if (due.length > 0) return this.#takeTurn(due, leader, abort);
    const { node } = this.#deps.settings;
    const other = this.#destinations.find(({ newest }) => newest && newest.node !== node)?.newest;
    if (!leader.isAssumed || other === undefined) return { outcome: 'not_due' };
    return { outcome: 'standby', reason: `${leader.reason}, but ${other.node} took the snapshot of ${other.taken_at}` };
  }

  #tellChange({ role, reason }: Leadership, log: Log): void {
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    log.debug({ event: 'leadership', role, reason }, 'leadership decided');
  }

  #dueAt(now: Date): readonly Destination[] {
    return this.#destinations.filter(({ rule, lastRound }) => dueTime(rule, lastRound, now) <= now);
  }

  async #takeTurn(due: readonly Destination[], leader: Leader, abort: AbortSignal): Promise<RoundReport> {
    this.#isRunning = true;
    this.#deps.progress?.taking();
    const report = await runRound(due, leader, this.#deps, abort);
    this.#isRunning = false;
    return report;
  }

  #remember(report: RoundReport, begun: Date): void {
    const { clock, log } = this.#deps;
    const now = clock.now();
    if (report.outcome === 'failed') {
      this.#failures++;
      const interval = Math.min(...this.#destinations.map(({ rule }) => intervalMs(rule, now)));
      this.#retryAt = new Date(now.getTime() + retryDelayMs(this.#failures, report.error.isRetryable, interval));
      return;
    }
    this.#failures = 0;
    this.#retryAt = undefined;
    for (const destination of this.#destinations) {
      if (!hadItsTurn(destination, report)) continue;
      const { last, skipped } = skipTicks(destination.rule, begun, now);
      destination.lastRound = last;
      if (skipped > 0) log.warn({ event: 'tick_skipped', destination: destination.storage.name, skipped }, 'the round took longer than the interval');
    }
  }
}

/** A clock that was set back must not silence the daemon until it has caught up. */
function forgetFuture(destinations: readonly Destination[], now: Date): void {
  for (const destination of destinations) if (destination.lastRound && destination.lastRound > now) destination.lastRound = now;
}

function hadItsTurn({ storage }: Destination, report: Exclude<RoundReport, { outcome: 'failed' }>): boolean {
  if (report.outcome === 'standby') return true;
  return report.outcome !== 'not_due' && [...report.delivered, ...report.missed].some(({ destination }) => destination === storage.name);
}
