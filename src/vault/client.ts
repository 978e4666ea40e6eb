import type { Clock } from '../agent/clock.ts';
import type { VaultConfig } from '../config/config.ts';
import type { Log } from '../observability/contract.ts';
import { createApi, type VaultApi } from './api.ts';
import { chooseAuth } from './auth/choose.ts';
import { writeCanary } from './canary-writer.ts';
import { checkVault, type Finding } from './check.ts';
import { askCluster } from './cluster-facts.ts';
import type { CanaryPlace, ClusterFacts, Leadership, Vault } from './contract.ts';
import type { Resolve } from './host-facts.ts';
import { askLeadership } from './leader-question.ts';
import { Session } from './session.ts';
import { openSnapshotStream } from './snapshot-stream.ts';
import { parseAddress, Transport } from './transport.ts';

const SKEW_LIMIT_MS = 60_000;

export interface VaultDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  /** The addresses of the interfaces of this host. */
  readonly interfaces: () => readonly string[];
  readonly resolve: Resolve;
  readonly stallTimeoutMs: number;
}

/** What the client knows of its own state. */
export interface Vitals {
  /** `expiresAt` undefined: never, or there is no token. */
  readonly token: { readonly expiresAt: Date | undefined; readonly lifetimeMs: number };
  /** How far the clock of this host is ahead of Vault's; undefined before the first answer. */
  readonly clockSkewMs: number | undefined;
}

export function createVault(config: VaultConfig, deps: VaultDeps): VaultClient {
  return new VaultClient(config, deps);
}

/** One Vault server as the configuration names it. Proxies of the environment are not used: Vault is on this host or near. */
export class VaultClient implements Vault {
  readonly #config: VaultConfig;
  readonly #deps: VaultDeps;
  readonly #transport: Transport;
  readonly #api: VaultApi;
  readonly #session: Session;
  readonly #methodName: string;
  #hasWarnedOfSkew = false;
  #clockSkewMs: number | undefined;

  constructor(config: VaultConfig, deps: VaultDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#transport = new Transport(parseAddress(config.address), config.tls);
    this.#api = createApi({ transport: this.#transport, onDate: (date) => this.#compareClocks(date) });
    const method = chooseAuth(config.auth, { api: this.#api, namespace: config.namespace, nowMs: () => deps.clock.now().getTime() });
    this.#methodName = method.name;
    this.#session = new Session({ method, api: this.#api, clock: deps.clock, random: deps.random, log: deps.log });
  }

  /** For a daemon: gets a token and keeps it alive from now on, so that trouble shows before the first snapshot needs it. */
  keepAlive(): void {
    this.#session.keepAlive();
  }

  async leadership(signal: AbortSignal): Promise<Leadership> {
    const { clock, interfaces, resolve } = this.#deps;
    const question = { endpoint: this.#transport.endpoint, check: this.#config.leaderCheck, clock, interfaces, resolve };
    return await askLeadership({ ...question, api: this.#api, session: this.#session }, signal);
  }

  async describe(signal: AbortSignal): Promise<ClusterFacts> {
    return await askCluster(this.#api, signal);
  }

  async writeCanary(place: CanaryPlace, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<1 | 2> {
    return await this.#session.withToken((token) => writeCanary(this.#api, place, { token, fields }, signal), signal);
  }

  async openSnapshot(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { stallTimeoutMs } = this.#deps;
    return await this.#session.withToken((token) => openSnapshotStream({ transport: this.#transport, token, stallTimeoutMs }, signal), signal);
  }

  /** Asks nobody. */
  vitals(): Vitals {
    const { lifeMs, expiresAtMs } = this.#session.life ?? { lifeMs: 0, expiresAtMs: 0 };
    return { token: { expiresAt: lifeMs === 0 ? undefined : new Date(expiresAtMs), lifetimeMs: lifeMs }, clockSkewMs: this.#clockSkewMs };
  }

  /** What `check` prints about Vault; leadership apart. */
  async check(signal: AbortSignal): Promise<readonly Finding[]> {
    const { endpoint } = this.#transport;
    return await checkVault({ endpoint, api: this.#api, session: this.#session, methodName: this.#methodName }, signal);
  }

  async close(): Promise<void> {
    await this.#session.close();
    this.#transport.close();
  }

  /** A wrong clock here puts wrong times into names and makes tokens seem to end early or late. */
  #compareClocks(vaultTime: Date): void {
    const skewMs = this.#deps.clock.now().getTime() - vaultTime.getTime();
    this.#clockSkewMs = skewMs;
    if (this.#hasWarnedOfSkew || Math.abs(skewMs) <= SKEW_LIMIT_MS) return;
    this.#hasWarnedOfSkew = true;
    const seconds = Math.round(skewMs / 1000);
    this.#deps.log.warn({ event: 'vault_clock_skew', skew_seconds: seconds }, 'the clocks of this host and of Vault differ by more than a minute');
  }
}
