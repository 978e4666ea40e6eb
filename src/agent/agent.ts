import { SnapshotError, toSnapshotError } from '../errors.ts';
import type { Log } from '../observability/contract.ts';
import type { Leadership } from '../vault/contract.ts';
import { withDeadline } from './deadline.ts';
import type { Leader, RoundDeps } from './deps.ts';
import { type Destination, schedulesOf } from './destination.ts';
import { logReport } from './log-report.ts';
import { lookAround, lookAtStock } from './look.ts';
import type { RoundReport } from './report.ts';
import { LEADERSHIP_LOOK_MS, restLeading } from './rest-leading.ts';
import { runRound } from './round.ts';
import { dueTime, intervalMs, retryDelayMs, skipTicks } from './schedule.ts';
import { adoptUnfinished, prepare } from './start.ts';
import type { VerifySchedule } from './verify-schedule.ts';

/** `stop`: nothing new begins. `abort`: what is under way ends too. */
export interface StopSignals {
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
}

/** The timer around the rounds of one cluster. It owns what is remembered between them. */
export class Agent {
  readonly #deps: RoundDeps;
  readonly #destinations: readonly Destination[];
  readonly #jitterMs: number;
  readonly #verifying: VerifySchedule | undefined;
  #wake = new AbortController();
  #isRunning = false;
  #isLeading = false;
  #lastReason = '';
  #failures = 0;
  #retryAt: Date | undefined;
  /** When the last turn began. */
  #begun = new Date(0);
  /** Undefined: not yet, or something has changed since. */
  #lookedAt: Date | undefined;

  /** `verifying`: what is done between the rounds of the leader. */
  constructor(deps: RoundDeps, destinations: readonly Destination[], jitterMs: number, verifying?: VerifySchedule) {
    this.#deps = deps;
    this.#destinations = destinations;
    this.#jitterMs = jitterMs;
    this.#verifying = verifying;
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
    const due = dueFirst(this.#destinations, now).getTime();
    const nextLook = this.#isLeading ? Number.POSITIVE_INFINITY : now.getTime() + LEADERSHIP_LOOK_MS;
    const nextRound = this.#retryAt ?? new Date(due + Math.floor(random() * this.#jitterMs));
    const next = this.#retryAt ?? new Date(Math.min(nextRound.getTime(), nextLook));
    if (next.getTime() !== nextLook) log.debug({ event: 'next_round', at: next.toISOString() }, 'waiting for the next round');
    this.#tellNext(nextRound, now);
    progress?.resting(now, next);
    await this.#look(nextRound.getTime() - now.getTime(), signal);
    if (this.#isLeading) this.#isLeading = await restLeading(next, this.#deps, this.#verifying, signal);
    else await clock.waitUntil(next, signal);
    progress?.awake();
  }

  #tellNext(nextRound: Date, now: Date): void {
    for (const schedule of schedulesOf(this.#destinations)) {
      const served = this.#destinations.filter((destination) => destination.schedule === schedule);
      const at = new Date(Math.max(nextRound.getTime(), dueFirst(served, now).getTime()));
      this.#deps.tell({ kind: 'next_round', schedule, at });
    }
  }

  /** At the start, after each round and at each tick of a standby. It has the time until the next round, which it must not put off. */
  async #look(limitMs: number, signal: AbortSignal): Promise<void> {
    const since = this.#lookedAt;
    const isFresh = since && since <= this.#begun && this.#begun.getTime() - since.getTime() < shortestInterval(this.#destinations, this.#begun);
    if (isFresh || limitMs <= 0) return;
    const over = () => new SnapshotError('round_timeout', 'the next round is due');
    await withDeadline(signal, limitMs, over, async (limited) => {
      await lookAtStock(this.#destinations, this.#deps, limited);
      if (!limited.aborted) this.#lookedAt = this.#begun;
    });
  }

  /** Asks who leads and acts on it. Without a list, for the destinations that are due. */
  async #turn(forced: readonly Destination[] | undefined, stopping: StopSignals): Promise<RoundReport> {
    const begun = this.#deps.clock.now();
    this.#begun = begun;
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
      this.#deps.tell({ kind: 'leadership', ...leadership, appliedIndex: undefined });
      return this.#dueAt(begun).length > 0 || forced ? { outcome: 'standby', reason: leadership.reason } : { outcome: 'not_due' };
    } catch (thrown) {
      this.#isLeading = false;
      if (stop.aborted && !abort.aborted) return { outcome: 'not_due' };
      const error = toSnapshotError(abort.aborted ? abort.reason : thrown);
      const report = { outcome: 'failed', stage: 'leadership', error, missed: [] } as const;
      if (!abort.aborted) this.#tellUnknown(report, forced ?? this.#dueAt(begun));
      return report;
    }
  }

  /** Whoever cannot learn who leads may be the one who ought to take the snapshot. */
  #tellUnknown(report: Extract<RoundReport, { outcome: 'failed' }>, due: readonly Destination[]): void {
    const { tell, newRoundId } = this.#deps;
    tell({ kind: 'leadership_unknown', error: report.error });
    tell({ kind: 'round_ended', roundId: newRoundId(), schedules: schedulesOf(due.length > 0 ? due : this.#destinations), report });
  }

  async #lead(leader: Leader, forced: readonly Destination[] | undefined, begun: Date, abort: AbortSignal): Promise<RoundReport> {
    const { tell, settings } = this.#deps;
    await adoptUnfinished(this.#destinations, this.#deps, abort);
    // A new leader goes by what the others left, so that a change makes neither a gap nor a second snapshot.
    if (!this.#isLeading || leader.isAssumed) await lookAround(this.#destinations, this.#deps, abort);
    this.#isLeading = true;
    const due = forced ?? this.#dueAt(begun);
    const other = this.#destinations.find(({ newest }) => newest && newest.node !== settings.node)?.newest;
    const isOthers = due.length === 0 && leader.isAssumed && other !== undefined;
    const reason = isOthers ? `${leader.reason}, but ${other.node} took the snapshot of ${other.taken_at}` : leader.reason;
    tell({ kind: 'leadership', role: isOthers ? 'standby' : 'leader', reason, appliedIndex: leader.appliedIndex });
    if (due.length > 0) return this.#takeTurn(due, leader, abort);
    return isOthers ? { outcome: 'standby', reason } : { outcome: 'not_due' };
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
    const now = this.#deps.clock.now();
    if (report.outcome === 'failed') {
      this.#failures++;
      this.#retryAt = new Date(now.getTime() + retryDelayMs(this.#failures, report.error.isRetryable, shortestInterval(this.#destinations, now)));
      return;
    }
    this.#failures = 0;
    this.#retryAt = undefined;
    if (report.outcome === 'taken' || report.outcome === 'partial') this.#lookedAt = undefined;
    this.#moveOn(
      this.#destinations.filter((destination) => hadItsTurn(destination, report)),
      begun,
      now,
    );
  }

  /** Ticks that came while the round ran are counted, never made up for: once for each schedule, however many go by it. */
  #moveOn(served: readonly Destination[], begun: Date, now: Date): void {
    const { log, tell } = this.#deps;
    const missed = new Map<string, number>();
    for (const destination of served) {
      const { last, skipped } = skipTicks(destination.rule, begun, now);
      destination.lastRound = last;
      if (skipped === 0) continue;
      missed.set(destination.schedule, skipped);
      log.warn({ event: 'tick_skipped', destination: destination.storage.name, skipped }, 'the round took longer than the interval');
    }
    for (const [schedule, count] of missed) tell({ kind: 'ticks_skipped', schedule, count });
  }
}

/** When the first of them is due. */
function dueFirst(destinations: readonly Destination[], now: Date): Date {
  return new Date(Math.min(...destinations.map(({ rule, lastRound }) => dueTime(rule, lastRound, now).getTime())));
}

function shortestInterval(destinations: readonly Destination[], now: Date): number {
  return Math.min(...destinations.map(({ rule }) => intervalMs(rule, now)));
}

/** A clock that was set back must not silence the daemon until it has caught up. */
function forgetFuture(destinations: readonly Destination[], now: Date): void {
  for (const destination of destinations) if (destination.lastRound && destination.lastRound > now) destination.lastRound = now;
}

function hadItsTurn({ storage }: Destination, report: Exclude<RoundReport, { outcome: 'failed' }>): boolean {
  if (report.outcome === 'standby') return true;
  return report.outcome !== 'not_due' && [...report.delivered, ...report.missed].some(({ destination }) => destination === storage.name);
}
