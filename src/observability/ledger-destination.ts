import type { AgentEvent, DeliveryState, StockedSnapshot, StockTotals } from '../agent/events.ts';
import type { SnapshotError } from '../errors.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import { DamagedCopies, type DamagedCopy } from './damaged-copies.ts';
import { toTrouble } from './trouble.ts';
import type { DestinationView, Trouble } from './view.ts';

// The clocks of two nodes differ by this much and mean no harm.
const SKEW_MS = 5 * 60_000;

/** What the configuration says of a destination. */
export type DestinationPlan = Pick<DestinationView, 'name' | 'kind' | 'location' | 'schedule'>;

export interface DamagedPlace {
  readonly destination: string;
  readonly location: string;
  readonly copies: readonly DamagedCopy[];
}

/** One destination: what was brought there, and what is there. */
export class DestinationAccount {
  readonly #now: () => Date;
  #plan: DestinationPlan;
  #isInRound = false;
  #state: DeliveryState = 'waiting';
  #bytes = 0;
  #newest: Manifest | undefined;
  #missed: Trouble | undefined;
  #unseen: Trouble | undefined;
  #uploads = { success: 0, failure: 0, bytes: 0, retries: 0 };
  #retention: DestinationView['retention'] = { deleted: 0, errors: 0, trouble: undefined };
  #verification: Omit<DestinationView['verification'], 'trouble'> = { lastSuccessAt: undefined, failures: 0 };
  readonly #damaged = new DamagedCopies();
  #snapshots: readonly StockedSnapshot[] | undefined;
  #totals: StockTotals | undefined;

  constructor(plan: DestinationPlan, now: () => Date) {
    this.#plan = plan;
    this.#now = now;
  }

  get newest(): Manifest | undefined {
    return this.#newest;
  }

  get schedule(): string {
    return this.#plan.schedule;
  }

  /** What reading the copies back has told, for as long as this is the place. */
  get damaged(): DamagedPlace {
    return { destination: this.#plan.name, location: this.#plan.location, copies: this.#damaged.all };
  }

  restore({ location, copies }: DamagedPlace): void {
    if (location === this.#plan.location) this.#damaged.restore(copies);
  }

  /** What was counted stays; what is known of another place is not known of this one. */
  follow(plan: DestinationPlan): void {
    if (plan.location !== this.#plan.location) {
      this.#newest = undefined;
      this.#snapshots = undefined;
      this.#totals = undefined;
      this.#missed = undefined;
      this.#unseen = undefined;
      this.#damaged.clear();
    }
    this.#plan = plan;
  }

  hear(event: AgentEvent): void {
    if (event.kind === 'round_began') this.#begin(event.destinations.includes(this.#plan.name));
    else if (event.kind === 'round_ended') this.#end();
    else if ('destination' in event && event.destination === this.#plan.name) this.#hearOwn(event);
  }

  view(): DestinationView {
    return {
      ...this.#plan,
      isUp: this.#missed === undefined && this.#unseen === undefined,
      state: this.#state,
      bytes: this.#bytes,
      lastSuccessAt: this.#newest && new Date(this.#newest.taken_at),
      trouble: this.#missed ?? this.#unseen,
      uploads: { ...this.#uploads },
      retention: this.#retention,
      verification: { ...this.#verification, trouble: this.#damaged.trouble },
      snapshots: this.#snapshots,
      totals: this.#totals,
    };
  }

  #begin(isMeant: boolean): void {
    this.#isInRound = isMeant;
    this.#state = 'waiting';
    this.#bytes = 0;
  }

  /** A round that broke leaves those missing that it was meant for; what broke was not theirs. */
  #end(): void {
    if (this.#isInRound && this.#state !== 'delivered') this.#state = 'missed';
    this.#isInRound = false;
  }

  #hearOwn(event: Extract<AgentEvent, { destination: string }>): void {
    switch (event.kind) {
      case 'delivery':
        this.#advance(event.state, event.bytes);
        break;
      case 'missed':
        this.#uploads.failure++;
        this.#state = 'missed';
        this.#missed = toTrouble(event.error, this.#now());
        break;
      case 'upload_retried':
        this.#uploads.retries++;
        break;
      case 'destination_up':
        this.#unseen = event.error && toTrouble(event.error, this.#now());
        break;
      case 'newest':
        this.#learn(event.manifest);
        break;
      case 'stock':
        this.#damaged.compare(event.snapshots, event.totals);
        this.#snapshots = event.snapshots;
        this.#totals = event.totals;
        this.#verification = { ...this.#verification, lastSuccessAt: later(this.#verification.lastSuccessAt, event.totals.verifiedAt) };
        break;
      case 'pruned':
        this.#retention = { ...this.#retention, deleted: this.#retention.deleted + event.count, trouble: this.#frozen(event.frozen) };
        break;
      case 'prune_failed':
        this.#retention = { ...this.#retention, errors: this.#retention.errors + 1, trouble: toTrouble(event.error, this.#now()) };
        break;
      case 'verified':
        this.#verify(event.name, event.error);
    }
  }

  #advance(state: DeliveryState, bytes: number): void {
    this.#state = state;
    // A second try begins at the first byte, and each byte it sends is one more.
    this.#uploads.bytes += Math.max(0, bytes - this.#bytes);
    this.#bytes = bytes;
    if (state !== 'delivered') return;
    this.#uploads.success++;
    this.#missed = undefined;
    this.#unseen = undefined;
  }

  /** One dated in the future, by a clock since set right, tells nothing of when: it must neither count as fresh nor hide what was known. */
  #learn(manifest: Manifest | undefined): void {
    if (manifest && Date.parse(manifest.taken_at) > this.#now().getTime() + SKEW_MS) return;
    this.#newest = manifest;
    // Another node has brought one there since: what this one missed is made good.
    if (manifest && this.#missed && Date.parse(manifest.taken_at) > this.#missed.at.getTime()) this.#missed = undefined;
  }

  #frozen(reason: string | undefined): Trouble | undefined {
    if (reason === undefined) return undefined;
    return { at: this.#now(), code: 'refused', message: reason, advice: 'nothing is deleted there until this is cleared up' };
  }

  #verify(name: string, error: SnapshotError | undefined): void {
    const now = this.#now();
    if (error) {
      this.#damaged.add(name, toTrouble(error, now), this.#snapshots);
      this.#verification = { ...this.#verification, failures: this.#verification.failures + 1 };
      return;
    }
    this.#damaged.mend(name);
    this.#verification = { ...this.#verification, lastSuccessAt: now };
  }
}

function later(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b ? (a > b ? a : b) : (a ?? b);
}
