import type { AgentEvent, Tell } from '../agent/events.ts';
import { hostOf } from '../vault/leadership.ts';
import { type DamagedPlace, DestinationAccount, type DestinationPlan } from './ledger-destination.ts';
import { RoundsAccount } from './ledger-rounds.ts';
import { ScheduleAccount } from './ledger-schedule.ts';
import { type KnownCluster, VaultAccount } from './ledger-vault.ts';
import { toTrouble } from './trouble.ts';
import type { ClusterView, RoundMark, ScheduleView, SnapshotFacts, TokenView } from './view.ts';

/** A cluster as one configuration has it. */
export interface ClusterPlan {
  /** Undefined: as Vault calls itself. */
  readonly name: string | undefined;
  readonly vaultAddress: string;
  readonly isTlsVerified: boolean;
  readonly destinations: readonly DestinationPlan[];
  readonly schedules: readonly { readonly name: string; readonly intervalMs: number }[];
  /** What is asked of the client of Vault whenever somebody looks. */
  vitals(): { readonly token: TokenView; readonly clockSkewMs: number | undefined };
}

/** What outlives the process. */
export interface Remembered {
  readonly cluster: KnownCluster | undefined;
  readonly rounds: readonly RoundMark[];
  readonly drill: Omit<ClusterView['drill'], 'failures'>;
  readonly damaged: readonly DamagedPlace[];
}

/** The one account of what happens to a cluster on this node. It outlives each configuration: nothing that was counted goes back. */
export class Ledger {
  readonly #now: () => Date;
  readonly #vault = new VaultAccount();
  readonly #rounds: RoundsAccount;
  readonly #schedules = new Map<string, ScheduleAccount>();
  readonly #destinations = new Map<string, DestinationAccount>();
  #plan: ClusterPlan;
  #drill: ClusterView['drill'] = { lastSuccessAt: undefined, lastSeconds: 0, failures: 0, lastLevel: undefined, trouble: undefined };
  #pings = { success: 0, failure: 0 };

  constructor(plan: ClusterPlan, now: () => Date) {
    this.#now = now;
    this.#rounds = new RoundsAccount(now);
    this.#plan = plan;
    this.follow(plan);
  }

  /** From now on this configuration counts. What it names no longer is out of sight, but not forgotten. */
  follow(plan: ClusterPlan): void {
    this.#plan = plan;
    for (const { name, intervalMs } of plan.schedules) {
      const account = this.#schedules.get(name) ?? new ScheduleAccount(name, this.#now);
      this.#schedules.set(name, account);
      account.follow(intervalMs);
    }
    for (const destination of plan.destinations) {
      const account = this.#destinations.get(destination.name) ?? new DestinationAccount(destination, this.#now);
      this.#destinations.set(destination.name, account);
      account.follow(destination);
    }
  }

  restore({ cluster, rounds, drill, damaged }: Remembered): void {
    this.#vault.restore(cluster);
    this.#rounds.restore(rounds);
    this.#drill = { ...this.#drill, ...drill };
    for (const place of damaged) this.#destinations.get(place.destination)?.restore(place);
  }

  remembered(): Remembered {
    const { failures: _, ...drill } = this.#drill;
    const damaged = [...this.#destinations.values()].map((account) => account.damaged).filter(({ copies }) => copies.length > 0);
    return { cluster: this.#vault.cluster, rounds: this.#rounds.history, drill, damaged };
  }

  readonly tell: Tell = (event) => {
    this.#vault.hear(event);
    this.#rounds.hear(event);
    // Most events tell of a few bytes, many times a second, and concern no schedule.
    if (event.kind === 'leadership' || 'schedules' in event || 'schedule' in event)
      for (const [name, account] of this.#schedules) account.hear(event, this.#servedBy(name));
    for (const account of this.#destinations.values()) account.hear(event);
    if (event.kind === 'drilled') this.#hearDrill(event);
    if (event.kind === 'drill_found') this.#hearFound(event);
    if (event.kind === 'pinged') this.#pings = { ...this.#pings, [event.ok ? 'success' : 'failure']: this.#pings[event.ok ? 'success' : 'failure'] + 1 };
  };

  view(): ClusterView {
    const { name, vaultAddress, isTlsVerified, destinations, schedules, vitals } = this.#plan;
    const accounts = destinations.flatMap((plan) => this.#destinations.get(plan.name) ?? []);
    return {
      // A cluster that nobody named goes by where it is, until Vault has told.
      name: name ?? (this.#vault.cluster?.name || hostOf(vaultAddress) || vaultAddress),
      vaultAddress,
      isTlsVerified,
      ...vitals(),
      ...this.#vault.view(),
      ...this.#rounds.view(),
      lastSnapshot: factsOf(newestOf(accounts)),
      schedules: schedules.flatMap((plan) => this.#viewSchedule(plan.name, accounts)),
      destinations: accounts.map((account) => account.view()),
      drill: this.#drill,
      pings: this.#pings,
    };
  }

  #servedBy(schedule: string): readonly string[] {
    return this.#plan.destinations.filter((plan) => plan.schedule === schedule).map(({ name }) => name);
  }

  #viewSchedule(name: string, accounts: readonly DestinationAccount[]): readonly ScheduleView[] {
    const account = this.#schedules.get(name);
    if (account === undefined) return [];
    const newest = newestOf(accounts.filter(({ schedule }) => schedule === name));
    return [{ ...account.view(), lastSuccessAt: newest && new Date(newest.taken_at), lastSuccessIndex: newest?.raft_index }];
  }

  #hearDrill({ level, seconds, error }: Extract<AgentEvent, { kind: 'drilled' }>): void {
    const now = this.#now();
    const before = this.#drill;
    this.#drill = error
      ? { ...before, failures: before.failures + 1, trouble: toTrouble(error, now) }
      : { ...before, lastSuccessAt: now, lastSeconds: seconds, lastLevel: level, trouble: undefined };
  }

  /** One of this node is there twice: as it was told, and as its record. That others failed is not counted here, but known. */
  #hearFound({ at: told, level, seconds, error }: Extract<AgentEvent, { kind: 'drill_found' }>): void {
    const now = this.#now();
    // By a clock gone wrong: what comes after it must not seem older.
    const at = told < now ? told : now;
    const { lastSuccessAt, trouble } = this.#drill;
    if (lastSuccessAt !== undefined && at <= lastSuccessAt) return;
    const stillWrong = trouble && trouble.at > at ? trouble : undefined;
    this.#drill = error
      ? { ...this.#drill, trouble: stillWrong ?? toTrouble(error, at) }
      : { ...this.#drill, lastSuccessAt: at, lastSeconds: seconds, lastLevel: level, trouble: stillWrong };
  }
}

function newestOf(accounts: readonly DestinationAccount[]) {
  return accounts.flatMap(({ newest }) => newest ?? []).toSorted((a, b) => Date.parse(b.taken_at) - Date.parse(a.taken_at))[0];
}

function factsOf(manifest: ReturnType<typeof newestOf>): SnapshotFacts | undefined {
  if (manifest === undefined) return undefined;
  return {
    name: manifest.key.slice(manifest.key.lastIndexOf('/') + 1),
    takenAt: new Date(manifest.taken_at),
    size: manifest.archive_bytes,
    sha256: manifest.archive_sha256,
    index: manifest.raft_index,
    term: manifest.raft_term,
    entries: manifest.entries,
    keys: {
      sealType: manifest.seal_type,
      fingerprint: manifest.seal_fingerprint ?? undefined,
      since: manifest.key_era ? new Date(manifest.key_era) : undefined,
    },
  };
}
