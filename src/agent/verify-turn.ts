import { SnapshotError, toSnapshotError } from '../errors.ts';
import { selectSnapshots } from '../inventory/selection.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import type { ObjectKey } from '../storage/key.ts';
import { attempt } from './attempt.ts';
import { withDeadline } from './deadline.ts';
import type { RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';
import { nextTime, type ScheduleRule } from './schedule.ts';
import { verifyStored } from './verify-stored.ts';

/** When stored snapshots are read back, and how many of a hundred besides the newest. */
export interface VerifyPlan {
  readonly rule: ScheduleRule;
  readonly samplePercent: number;
}

interface Waiting {
  readonly key: ObjectKey;
  failures: number;
}

type KnownCluster = NamedCluster & { readonly clusterId: string };

const CHOOSE_LIMIT_MS = 300_000;
// What no rest is long enough for, or no answer comes for, must not hold up the others for ever.
const TRIES = 3;
const TOO_SHORT = 'the time between two rounds is too short for it: lengthen that, or run "vault-snapshotd verify" now and then';

/** The snapshots of one destination that are to be proved again. */
export class VerifyTurn {
  readonly #plan: VerifyPlan;
  readonly #destination: Destination;
  readonly #deps: RoundDeps;
  /** When its snapshots were last chosen or, before we ever did, when the last record there was written. */
  #last: Date;
  #isLastOurs = false;
  #queue: Waiting[] = [];

  constructor(plan: VerifyPlan, destination: Destination, deps: RoundDeps) {
    this.#plan = plan;
    this.#destination = destination;
    this.#deps = deps;
    this.#last = deps.clock.now();
  }

  get name(): string {
    return this.#destination.storage.name;
  }

  get dueAt(): Date {
    const now = this.#deps.clock.now();
    // A clock that was set back must not put it off for ever.
    return this.#queue.length > 0 ? now : nextTime(this.#plan.rule, this.#last < now ? this.#last : now);
  }

  /** When the last record there was written, by whichever node. */
  learn(verifiedAt: Date | undefined): void {
    if (verifiedAt === undefined || verifiedAt > this.#deps.clock.now()) return;
    if (!this.#isLastOurs || verifiedAt > this.#last) this.#last = verifiedAt;
  }

  /** Does all there is to do before the next round. Resolves with whether all is done; if not, the next rest goes on with it. */
  async serve(nextRound: Date, signal: AbortSignal): Promise<boolean> {
    const { clock, progress } = this.#deps;
    const tooLate = () => new SnapshotError('round_timeout', 'the next round was due before it was read to its end', { advice: TOO_SHORT });
    const due = new AbortController();
    // By the clock too, which may be set while we read.
    const onBytes = () => {
      progress?.moved();
      if (clock.now() >= nextRound) due.abort(tooLate());
    };
    const either = AbortSignal.any([signal, due.signal]);
    return withDeadline(either, Math.max(0, nextRound.getTime() - clock.now().getTime()), tooLate, async (limited) => {
      const ours = await this.#oursIfLeading(limited);
      if (ours === undefined) return false;
      if (this.#queue.length === 0 && !(await this.#choose(ours, limited))) return false;
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        onBytes();
        if (limited.aborted) return false;
        const error = await this.#verify(next.key, ours.clusterId, onBytes, limited);
        if (signal.aborted) return false;
        this.#queue.shift();
        if (error === undefined) continue;
        this.#putOff(next, error);
        if (error.isRetryable) return false;
      }
      return true;
    });
  }

  /** Who leads may have changed since the last round; two that verify the same are a waste. */
  async #oursIfLeading(signal: AbortSignal): Promise<KnownCluster | undefined> {
    const { vault, settings } = this.#deps;
    const { newest } = this.#destination;
    try {
      const leadership = await vault.leadership(signal);
      const isOthers = leadership.role === 'leader' && leadership.isAssumed && newest !== undefined && newest.node !== settings.node;
      if (leadership.role !== 'leader' || isOthers) return undefined;
      const { clusterId } = await vault.describe(signal);
      return { template: settings.nameTemplate, clusterName: settings.clusterName, clusterId: settings.clusterId ?? clusterId };
    } catch {
      // Whatever is wrong with Vault, the rounds tell it.
      return undefined;
    }
  }

  /** Resolves with whether they could be listed. */
  async #choose(ours: KnownCluster, signal: AbortSignal): Promise<boolean> {
    const { random, clock } = this.#deps;
    const { samplePercent: percent } = this.#plan;
    const error = await attempt(this.#deps, this.name, CHOOSE_LIMIT_MS, signal, async (limited) => {
      const newest = await selectSnapshots(this.#destination, { kind: 'latest' }, ours, random, limited);
      const sample = percent === 0 ? [] : await selectSnapshots(this.#destination, { kind: 'sample', percent }, ours, random, limited);
      this.#queue = [...new Set([...newest, ...sample])].map((key) => ({ key, failures: 0 }));
      this.#last = clock.now();
      this.#isLastOurs = true;
    });
    return error === undefined && !signal.aborted;
  }

  /** Resolves with why nothing can be said of it. */
  async #verify(key: ObjectKey, clusterId: string, onBytes: () => void, signal: AbortSignal): Promise<SnapshotError | undefined> {
    try {
      return await verifyStored(this.#destination, key, clusterId, this.#deps, onBytes, signal);
    } catch (thrown) {
      return toSnapshotError(thrown);
    }
  }

  #putOff(waiting: Waiting, { code, message, advice, isRetryable }: SnapshotError): void {
    waiting.failures++;
    const isGivenUp = !isRetryable || waiting.failures >= TRIES;
    if (!isGivenUp) this.#queue.push(waiting);
    // That a round comes in between is no fault, unless one always does.
    if (code === 'round_timeout' && !isGivenUp) return;
    const fields = { event: 'snapshot_unread', destination: this.name, key: waiting.key, code, error: message, advice };
    this.#deps.log.warn(fields, 'could not read a stored snapshot back');
  }
}
