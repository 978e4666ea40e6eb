import { SnapshotError } from '../errors.ts';
import type { ServerFacts, Target } from '../recovery/contract.ts';
import type { Throwaway, ThrowawayPlace } from '../recovery/throwaway.ts';
import type { TargetConfig } from '../vault/target.ts';
import { openTarget } from '../vault/target.ts';
import type { HostPort } from './drill-config.ts';
import { checkPlace } from './isolation.ts';

export interface GivenPlaceDeps {
  readonly target: TargetConfig;
  readonly closed: readonly HostPort[];
}

/** An empty server that somebody else starts, keeps apart and throws away. */
export class GivenPlace implements ThrowawayPlace {
  readonly isIsolated = false;
  readonly #target: Target;
  readonly #closed: readonly HostPort[];
  #isFilled = false;

  constructor({ target, closed }: GivenPlaceDeps) {
    this.#target = openTarget(target);
    this.#closed = closed;
  }

  async describe(signal: AbortSignal): Promise<ServerFacts & { readonly sealType: string }> {
    const { isInitialized, version, clusterId, type: sealType } = await this.#target.sealStatus(signal);
    if (isInitialized) {
      const whose = clusterId === undefined ? 'is initialised already' : `is a server of the cluster ${clusterId}`;
      throw new SnapshotError('refused', `drill: ${this.#target.address}: ${whose}`, { advice: 'give an empty server: a drill overwrites all that is in it' });
    }
    return { product: undefined, version, sealType };
  }

  async prepare(): Promise<readonly string[]> {
    return [];
  }

  async checkIsolation(signal: AbortSignal): Promise<void> {
    await checkPlace(this.#closed, { isolation: { kind: 'external', privateDirectories: [] }, binary: '', env: {} }, signal);
  }

  async start(): Promise<Throwaway> {
    this.#isFilled = true;
    return { target: this.#target, lost: new AbortController().signal, restart: undefined };
  }

  async remove(): Promise<readonly string[]> {
    this.#target.close();
    return this.#isFilled ? [`${this.#target.address}: holds a copy of the cluster: throw it away`] : [];
  }
}
