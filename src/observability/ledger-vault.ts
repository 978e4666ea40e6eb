import type { AgentEvent } from '../agent/events.ts';
import type { ErrorCode } from '../errors.ts';
import type { ClusterView } from './view.ts';

/** What Vault last said of itself, kept over restarts. */
export interface KnownCluster {
  readonly id: string;
  readonly name: string;
}

// What answers in place of Vault does not count as Vault.
const AWAY: readonly ErrorCode[] = ['vault_unreachable', 'vault_tls', 'vault_bad_answer'];
const CLOSED: readonly ErrorCode[] = ['vault_sealed', 'vault_uninitialized'];

/** How this node sees Vault, and what it is to the cluster. */
export class VaultAccount {
  #cluster: KnownCluster | undefined;
  #version: string | undefined;
  #role: ClusterView['role'] = 'unknown';
  #roleReason = 'Vault has not been asked yet';
  #lastRole: ClusterView['role'] = 'unknown';
  #leaderChanges = 0;
  #canaryFailures = 0;
  #isReachable = false;
  #isSealed = false;
  #committedIndex: bigint | undefined;

  get cluster(): KnownCluster | undefined {
    return this.#cluster;
  }

  restore(cluster: KnownCluster | undefined): void {
    this.#cluster = cluster;
  }

  hear(event: AgentEvent): void {
    switch (event.kind) {
      case 'leadership':
        if (this.#lastRole !== 'unknown' && event.role !== this.#lastRole) this.#leaderChanges++;
        this.#lastRole = event.role;
        this.#committedIndex = event.appliedIndex ?? this.#committedIndex;
        this.#see(event.role, event.reason, true, false);
        break;
      case 'leadership_unknown': {
        const { code, message } = event.error;
        this.#see('unknown', message, !AWAY.includes(code), CLOSED.includes(code));
        break;
      }
      case 'canary':
        if (event.error) this.#canaryFailures++;
        break;
      case 'cluster':
        this.#cluster = { id: event.id, name: event.name };
        this.#version = event.version;
    }
  }

  view() {
    return {
      id: this.#cluster?.id,
      vaultVersion: this.#version,
      isReachable: this.#isReachable,
      isSealed: this.#isSealed,
      role: this.#role,
      roleReason: this.#roleReason,
      leaderChanges: this.#leaderChanges,
      committedIndex: this.#committedIndex,
      canaryFailures: this.#canaryFailures,
    };
  }

  #see(role: ClusterView['role'], reason: string, isReachable: boolean, isSealed: boolean): void {
    this.#role = role;
    this.#roleReason = reason;
    this.#isReachable = isReachable;
    this.#isSealed = isSealed;
  }
}
