import { type Clock, systemClock } from '../agent/clock.ts';
import type { VaultConfig } from '../config/config.ts';
import { Secret } from '../config/secret.ts';
import { SnapshotError } from '../errors.ts';
import type {
  Fields,
  Grant,
  Hidden,
  InitKeys,
  KnownNode,
  LeaderAnswer,
  RaftServer,
  SealStatus,
  Sending,
  Sent,
  ServerHealth,
  Target,
} from '../recovery/contract.ts';
import { createApi, type VaultApi } from './api.ts';
import { chooseAuth } from './auth/choose.ts';
import type { AuthMethod } from './auth/method.ts';
import { askCluster } from './cluster-facts.ts';
import type { ClusterFacts } from './contract.ts';
import { statusOf } from './errors.ts';
import { generateRoot } from './generate-root.ts';
import { readAppliedIndex } from './host-facts.ts';
import { uploadSnapshot } from './snapshot-upload.ts';
import { readGrant, readHealth, readInitKeys, readNodes, readRaftServers, readSealStatus } from './target-answers.ts';
import { toInitError, toUnsealError } from './target-errors.ts';
import { parseAddress, Transport } from './transport.ts';

const QUICK_MS = 5_000;
/** Initialising and unsealing take as long as the disk does. */
const PATIENT_MS = 60_000;
/** Longer than any recovery takes, and not much longer: so long a token lives on when we are killed. */
const LONGEST_LIFE_MS = 2 * 3_600_000;
const HEALTH = 'sys/health?sealedcode=200&uninitcode=200&standbycode=200&performancestandbycode=200&drsecondarycode=200&haunhealthycode=200&removedcode=200';

export type TargetConfig = Pick<VaultConfig, 'address' | 'namespace' | 'tls' | 'auth'>;

export function openTarget(config: TargetConfig, clock = systemClock): Target {
  return new VaultTarget(config, clock);
}

class VaultTarget implements Target {
  readonly address: string;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #quick: VaultApi;
  readonly #patient: VaultApi;
  readonly #method: AuthMethod;

  constructor({ address, tls, auth, namespace }: TargetConfig, clock: Clock) {
    this.#clock = clock;
    this.#transport = new Transport(parseAddress(address), tls);
    this.address = this.#transport.endpoint.address;
    const deps = { transport: this.#transport, onDate: () => undefined };
    this.#quick = createApi({ ...deps, deadlineMs: QUICK_MS });
    this.#patient = createApi({ ...deps, deadlineMs: PATIENT_MS });
    this.#method = chooseAuth(auth, { api: this.#patient, namespace, nowMs: () => clock.now().getTime() });
  }

  async sealStatus(signal: AbortSignal): Promise<SealStatus> {
    return readSealStatus(await this.#quick.call({ method: 'GET', path: 'sys/seal-status' }, signal));
  }

  async isServing(signal: AbortSignal): Promise<boolean> {
    try {
      const { json } = await this.#quick.call({ method: 'GET', path: HEALTH }, signal);
      return json.initialized === true && json.sealed === false && json.standby === false && (await this.leader(signal)).isSelf;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SnapshotError) return false;
      throw error;
    }
  }

  async leader(signal: AbortSignal): Promise<LeaderAnswer> {
    const { json, text } = await this.#quick.call({ method: 'GET', path: 'sys/leader' }, signal);
    const { leader_address: address } = json;
    return { isSelf: json.is_self === true, leaderAddress: typeof address === 'string' ? address : '', appliedIndex: readAppliedIndex(text) };
  }

  async describe(signal: AbortSignal): Promise<ClusterFacts> {
    return await askCluster(this.#quick, signal);
  }

  async init({ shares, threshold, areRecoveryKeys }: Parameters<Target['init']>[0], signal: AbortSignal): Promise<InitKeys> {
    const body = areRecoveryKeys ? { recovery_shares: shares, recovery_threshold: threshold } : { secret_shares: shares, secret_threshold: threshold };
    try {
      return readInitKeys(await this.#patient.call({ method: 'POST', path: 'sys/init', body }, signal));
    } catch (error) {
      throw toInitError(error);
    }
  }

  async unseal(share: Hidden, signal: AbortSignal): Promise<SealStatus> {
    try {
      return readSealStatus(await this.#patient.call({ method: 'POST', path: 'sys/unseal', body: { key: share.reveal() } }, signal));
    } catch (error) {
      throw toUnsealError(error);
    }
  }

  async resetUnseal(signal: AbortSignal): Promise<void> {
    await this.#quick.call({ method: 'POST', path: 'sys/unseal', body: { reset: true } }, signal);
  }

  async login(signal: AbortSignal): Promise<Grant> {
    const { token, isRevocable, life } = await this.#method.login(signal);
    const lifeMs = life.usesLeft === undefined && life.lifeMs > 0 ? life.lifeMs : undefined;
    if (token === undefined) throw new SnapshotError('no_token', 'vault: no way to log in is configured');
    const grant = { token, isFresh: this.#method.isOwn && isRevocable, lifeMs };
    return grant.isFresh && life.usesLeft === undefined && !(life.lifeMs > 0 && life.lifeMs <= LONGEST_LIFE_MS) ? await this.#shorten(grant, signal) : grant;
  }

  /** A renewal may also bring the end nearer. Where it is refused, or we are told to stop, the token is given back like any other. */
  async #shorten(grant: Grant & { readonly token: Secret }, signal: AbortSignal): Promise<Grant> {
    const body = { increment: `${LONGEST_LIFE_MS / 1000}s` };
    try {
      return readGrant(await this.#quick.call({ method: 'POST', path: 'auth/token/renew-self', token: grant.token, body }, signal));
    } catch (error) {
      if (error instanceof SnapshotError) return grant;
      throw error;
    }
  }

  async generateRoot(shares: readonly Hidden[], remains: (accessor: string | undefined) => void, signal: AbortSignal): Promise<Hidden> {
    return await generateRoot(shares, { api: this.#patient, clock: this.#clock, remains }, signal);
  }

  async createToken(parent: Hidden, signal: AbortSignal): Promise<Grant> {
    const body = { policies: ['default'], ttl: '30m', renewable: false, type: 'service', display_name: 'vault-snapshotd-restore' };
    return readGrant(await this.#patient.call({ method: 'POST', path: 'auth/token/create', token: secretOf(parent), body }, signal));
  }

  async isAlive(token: Hidden, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#quick.call({ method: 'GET', path: 'auth/token/lookup-self', token: secretOf(token) }, signal);
      return true;
    } catch (error) {
      if (statusOf(error) === 403) return false;
      throw error;
    }
  }

  async revoke(token: Hidden, signal: AbortSignal): Promise<void> {
    await this.#quick.call({ method: 'POST', path: 'auth/token/revoke-self', token: secretOf(token) }, signal);
  }

  async capabilities(paths: readonly string[], token: Hidden, signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    const { json } = await this.#quick.call({ method: 'POST', path: 'sys/capabilities-self', token: secretOf(token), body: { paths: [...paths] } }, signal);
    const told = json.data as Fields | undefined;
    return new Map(paths.map((path) => [path, Array.isArray(told?.[path]) ? (told[path] as readonly string[]) : []]));
  }

  async raftServers(token: Hidden, signal: AbortSignal): Promise<readonly RaftServer[]> {
    const call = { method: 'GET', path: 'sys/storage/raft/configuration', token: secretOf(token) } as const;
    return readRaftServers(await this.#quick.call(call, signal));
  }

  async serverHealth(token: Hidden, signal: AbortSignal): Promise<readonly ServerHealth[] | undefined> {
    const data = await this.read('sys/storage/raft/autopilot/state', { token }, signal);
    return data === undefined ? undefined : readHealth(data);
  }

  async knownNodes(token: Hidden, signal: AbortSignal): Promise<readonly KnownNode[]> {
    return readNodes((await this.read('sys/ha-status', { token }, signal)) ?? {});
  }

  async read(path: string, from: Parameters<Target['read']>[1], signal: AbortSignal): Promise<Fields | undefined> {
    try {
      const { json } = await this.#quick.call({ method: 'GET', path, token: secretOf(from.token), namespace: from.namespace }, signal);
      return typeof json.data === 'object' && json.data !== null ? (json.data as Fields) : json;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async write(path: string, fields: Fields, as: Parameters<Target['write']>[2], signal: AbortSignal): Promise<void> {
    await this.#quick.call({ method: 'POST', path, token: secretOf(as.token), namespace: as.namespace, body: fields }, signal);
  }

  async sendSnapshot(archive: AsyncIterable<Uint8Array>, sending: Sending, signal: AbortSignal): Promise<Sent> {
    return await uploadSnapshot(this.#transport, archive, sending, signal);
  }

  close(): void {
    this.#transport.close();
  }
}

function secretOf(hidden: Hidden): Secret {
  return new Secret(hidden.reveal());
}
