import type { AgentEvent, TimedStage } from '../agent/events.ts';
import type { RoundReport, Stage } from '../agent/report.ts';
import { Durations } from './histogram.ts';
import { toTrouble } from './trouble.ts';
import type { RoundMark, Trouble } from './view.ts';

const HISTORY_MS = 30 * 86_400_000;
const HISTORY_LENGTH = 1_000;

type EndedRound = Extract<AgentEvent, { kind: 'round_ended' }>;

/** The rounds of this node: the one in progress, those of the last month, how long their stages took and where they failed. */
export class RoundsAccount {
  readonly #now: () => Date;
  #current: { readonly id: string; readonly startedAt: Date } | undefined;
  #history: readonly RoundMark[] = [];
  /** The first miss of the round in progress. */
  #missed: Trouble | undefined;
  readonly #failures: Record<Stage, number> = {
    leadership: 0,
    auth: 0,
    drain: 0,
    spool: 0,
    verify: 0,
    upload: 0,
    commit: 0,
    readback: 0,
    manifest: 0,
  };
  readonly #durations: Readonly<Record<TimedStage, Durations>> = {
    drain: new Durations(),
    upload: new Durations(),
    commit: new Durations(),
    readback: new Durations(),
    prune: new Durations(),
  };
  #spoolBytes = 0;
  #spoolFreeBytes: number | undefined;

  constructor(now: () => Date) {
    this.#now = now;
  }

  get history(): readonly RoundMark[] {
    return this.#history;
  }

  restore(rounds: readonly RoundMark[]): void {
    this.#history = [...rounds, ...this.#history];
    this.#forgetOld();
  }

  hear(event: AgentEvent): void {
    switch (event.kind) {
      case 'round_began':
        this.#current = { id: event.roundId, startedAt: this.#now() };
        this.#missed = undefined;
        break;
      case 'missed':
        this.#failures[event.stage]++;
        this.#missed ??= toTrouble(event.error, this.#now());
        break;
      case 'round_ended':
        this.#end(event);
        break;
      case 'stage_ended':
        this.#durations[event.stage].observe(event.ms);
        break;
      case 'spool':
        this.#spoolBytes = event.bytes;
        break;
      case 'spool_room':
        this.#spoolFreeBytes = event.freeBytes;
    }
  }

  view() {
    const { drain, upload, commit, readback, prune } = this.#durations;
    return {
      round: this.#current,
      lastRound: this.#history.at(-1),
      history: this.#history,
      failuresByStage: { ...this.#failures },
      durations: { drain: drain.view(), upload: upload.view(), commit: commit.view(), readback: readback.view(), prune: prune.view() },
      spoolBytes: this.#spoolBytes,
      spoolFreeBytes: this.#spoolFreeBytes,
    };
  }

  #end({ roundId, report }: EndedRound): void {
    if (report.outcome === 'standby' || report.outcome === 'not_due') return;
    const now = this.#now();
    // What the destinations missed is counted already, each at its stage.
    if (report.outcome === 'failed' && report.missed.length === 0) this.#failures[report.stage]++;
    const mark: RoundMark = {
      id: roundId,
      startedAt: this.#current?.id === roundId ? this.#current.startedAt : now,
      endedAt: now,
      outcome: report.outcome,
      missed: report.missed.map(({ destination }) => destination),
      trouble: this.#troubleOf(report, now),
      location: report.outcome === 'failed' ? undefined : report.delivered[0]?.location,
    };
    this.#history = [...this.#history, mark];
    this.#forgetOld();
    this.#current = undefined;
    this.#missed = undefined;
  }

  #troubleOf(report: RoundReport, now: Date): Trouble | undefined {
    if (report.outcome === 'failed') return toTrouble(report.error, now);
    return report.outcome === 'partial' ? this.#missed : undefined;
  }

  #forgetOld(): void {
    const since = new Date(this.#now().getTime() - HISTORY_MS);
    this.#history = this.#history.filter(({ endedAt }) => endedAt >= since).slice(-HISTORY_LENGTH);
  }
}
