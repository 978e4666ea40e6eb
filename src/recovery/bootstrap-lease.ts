import type { Clock } from '../agent/clock.ts';
import { abortReason, SnapshotError } from '../errors.ts';

const RENEW_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 1_000;

/** What a lease says of its holder. */
export interface LeaseRecord {
  /** Empty: nobody. */
  readonly holder: string;
  /** When its holder wrote last, by a clock that may be another than ours: good to see that it moves. */
  readonly renewed: string;
  /** So long it stays the holder's who writes no more. */
  readonly durationMs: number;
}

/** A record that several of us write to, one at a time. Each call is one try with a deadline of its own. */
export interface Lease {
  readonly name: string;
  /** Of what we write. */
  readonly durationMs: number;
  /** As it is now; undefined: there is none. */
  read(signal: AbortSignal): Promise<LeaseRecord | undefined>;
  /** Over what was read or written last, or anew where nothing was; false where somebody else has written since. */
  write(holder: string, signal: AbortSignal): Promise<boolean>;
}

/** The right to begin, among several. */
export interface Claim {
  /** Somebody else has it by now. */
  readonly isLost: boolean;
  /** Resolves if it is ours at this moment, and for some seconds more; else `lease_lost`. */
  confirm(signal: AbortSignal): Promise<void>;
  /** Never rejects. */
  release(): Promise<void>;
}

/** Nobody else can have it. */
export const UNDISPUTED: Claim = { isLost: false, confirm: async () => undefined, release: async () => undefined };

export interface ClaimDeps {
  readonly lease: Lease;
  /** Of this run alone: what a killed run of the same host held runs out like everybody's. */
  readonly holder: string;
  readonly clock: Clock;
  /** For a holder of whom nothing is seen. */
  readonly waitMs: number;
  /** Once, before it waits. */
  onWaiting(what: string): void;
}

/**
 * Takes the lease if it is free or has run out; undefined where its holder lives. Who lives is seen by watching, whatever the clocks of the others say: a
 * dead holder's lease must not be mistaken for the work of a living one, or nobody would ever begin.
 * Ends with `refused` where that takes longer than we wait.
 */
export async function claimLease(deps: ClaimDeps, signal: AbortSignal): Promise<Claim | undefined> {
  const { lease, holder, clock } = deps;
  let watched: { readonly renewed: string; readonly sinceMs: number } | undefined;
  for (;;) {
    if (signal.aborted) throw abortReason(signal);
    const nowMs = clock.now().getTime();
    const record = await lease.read(signal);
    const isFree = record === undefined || record.holder === '';
    if (!isFree && watched !== undefined && watched.renewed !== signOfLife(record)) return undefined;
    const hasRunOut = !isFree && watched !== undefined && nowMs - watched.sinceMs >= record.durationMs;
    if ((isFree || hasRunOut) && (await lease.write(holder, signal))) return new HeldLease(deps, nowMs);
    if (!isFree) {
      const limit = seconds(Math.min(record.durationMs, deps.waitMs));
      if (watched === undefined) deps.onWaiting(`lease ${lease.name}: held by ${record.holder}: watched for a sign of life, ${limit} at most`);
      watched ??= { renewed: signOfLife(record), sinceMs: nowMs };
      if (nowMs - watched.sinceMs >= deps.waitMs) throw refuse(lease.name, record, deps.waitMs);
    }
    await clock.waitUntil(new Date(nowMs + LOOK_EVERY_MS), signal);
  }
}

function refuse(name: string, { holder, durationMs }: LeaseRecord, waitMs: number): SnapshotError {
  const advice = 'if that holder is gone for good, delete the Lease; else give a longer --wait';
  return new SnapshotError('refused', `lease ${name}: ${holder} showed no life within ${seconds(waitMs)}, and holds it for ${seconds(durationMs)}`, { advice });
}

function seconds(ms: number): string {
  return `${ms / 1000}s`;
}

function signOfLife({ holder, renewed }: LeaseRecord): string {
  return `${holder} ${renewed}`;
}

/** Renews itself until it is released, or another has it. */
class HeldLease implements Claim {
  readonly #deps: ClaimDeps;
  readonly #released = new AbortController();
  /** A writing that is called off may have come through, and the next one would not be taken for ours. */
  readonly #never = new AbortController().signal;
  readonly #keeping: Promise<void>;
  #turn: Promise<unknown> = Promise.resolve();
  #goodSinceMs: number;
  isLost = false;

  constructor(deps: ClaimDeps, sinceMs: number) {
    this.#deps = deps;
    this.#goodSinceMs = sinceMs;
    this.#keeping = this.#keep(this.#released.signal);
  }

  async confirm(signal: AbortSignal): Promise<void> {
    const { clock, lease } = this.#deps;
    for (;;) {
      if (signal.aborted) throw abortReason(signal);
      const nowMs = clock.now().getTime();
      try {
        return await this.#renew(signal);
      } catch (error) {
        // As long as our last word counts nobody else begins: what ails the other side may pass.
        if (!isPassing(error) || clock.now().getTime() - this.#goodSinceMs >= lease.durationMs) throw error;
      }
      await clock.waitUntil(new Date(nowMs + LOOK_EVERY_MS), signal);
    }
  }

  async release(): Promise<void> {
    this.#released.abort();
    await this.#keeping;
    await this.#turn;
    if (this.isLost) return;
    // It runs out by itself.
    await Promise.allSettled([this.#deps.lease.write('', this.#never)]);
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted && !this.isLost) {
      await clock.waitUntil(new Date(clock.now().getTime() + RENEW_EVERY_MS), signal);
      // What was lost is noted there, and what may pass is tried again.
      if (!signal.aborted) await Promise.allSettled([this.#renew(this.#never)]);
    }
  }

  /** One after the other: two at once would take each other for a stranger. */
  async #renew(signal: AbortSignal): Promise<void> {
    const mine = this.#turn.then(() => this.#renewNow(signal));
    this.#turn = mine.catch(() => undefined);
    await mine;
  }

  async #renewNow(signal: AbortSignal): Promise<void> {
    const { lease, holder, clock } = this.#deps;
    const begunMs = clock.now().getTime();
    if (this.isLost || !(await this.#write(signal))) {
      this.isLost = true;
      throw new SnapshotError('lease_lost', `lease ${lease.name}: is not held by ${holder} any more`);
    }
    this.#goodSinceMs = begunMs;
  }

  /** Our own writing may have come through without an answer, or somebody has put a label on it: only another holder is a loss. */
  async #write(signal: AbortSignal): Promise<boolean> {
    const { lease, holder } = this.#deps;
    if (await lease.write(holder, signal)) return true;
    return (await lease.read(signal))?.holder === holder && (await lease.write(holder, signal));
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof SnapshotError && error.code === 'lease_unavailable';
}
