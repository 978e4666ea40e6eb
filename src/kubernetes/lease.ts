import type { Clock } from '../agent/clock.ts';
import { SnapshotError } from '../errors.ts';
import type { Lease, LeaseRecord } from '../recovery/bootstrap-lease.ts';
import { type Answer, askApiServer, type Question } from './api-server.ts';
import type { ServiceAccount } from './service-account.ts';

const GROUP = 'coordination.k8s.io/v1';
const DURATION_S = 15;

interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
}

/** A Lease as the API server has it. What others put on it, labels for one, is handed back as it was. */
interface LeaseObject {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: LeaseSpec;
}

/** A Lease of our own namespace. The API server refuses to write over what has changed since it was read. */
export class KubernetesLease implements Lease {
  readonly name: string;
  readonly durationMs = DURATION_S * 1000;
  readonly #account: ServiceAccount;
  readonly #clock: Pick<Clock, 'now'>;
  #seen: LeaseObject | undefined;

  constructor(name: string, account: ServiceAccount, clock: Pick<Clock, 'now'>) {
    this.name = name;
    this.#account = account;
    this.#clock = clock;
  }

  async read(signal: AbortSignal): Promise<LeaseRecord | undefined> {
    const answer = await this.#ask({ method: 'GET', path: await this.#path(this.name) }, signal);
    this.#seen = answer.status === 404 ? undefined : answer.json;
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refusal(answer);
    const { holderIdentity, renewTime, leaseDurationSeconds } = this.#seen?.spec ?? {};
    return { holder: holderIdentity ?? '', renewed: renewTime ?? '', durationMs: (leaseDurationSeconds ?? DURATION_S) * 1000 };
  }

  async write(holder: string, signal: AbortSignal): Promise<boolean> {
    const seen = this.#seen;
    const spec = renewed(seen?.spec ?? {}, holder, this.#clock.now());
    const fresh = { apiVersion: GROUP, kind: 'Lease', metadata: { name: this.name } };
    const question =
      seen === undefined
        ? ({ method: 'POST', path: await this.#path(), body: { ...fresh, spec } } as const)
        : ({ method: 'PUT', path: await this.#path(this.name), body: { ...seen, spec } } as const);
    const answer = await this.#ask(question, signal);
    // Written by somebody else, or taken away, since we saw it.
    if (answer.status === 409 || (answer.status === 404 && seen !== undefined)) return false;
    if (answer.status !== 200 && answer.status !== 201) throw this.#refusal(answer);
    this.#seen = answer.json;
    return true;
  }

  async #path(...name: readonly string[]): Promise<string> {
    return ['/apis', GROUP, 'namespaces', await this.#account.namespace(), 'leases', ...name].join('/');
  }

  async #ask(question: Question, signal: AbortSignal): Promise<Answer> {
    return await askApiServer(question, this.#account, signal);
  }

  #refusal({ status, json }: Answer): SnapshotError {
    const said = typeof json.message === 'string' ? json.message.replace(/\s+/g, ' ').slice(0, 300) : 'without a reason';
    const code = status === 401 || status === 403 ? 'lease_denied' : 'lease_unavailable';
    return new SnapshotError(code, `lease ${this.name}: kubernetes: status ${status}, ${said}`);
  }
}

function renewed(old: LeaseSpec, holder: string, now: Date): LeaseSpec {
  // It takes no fewer digits.
  const renewTime = now.toISOString().replace('Z', '000Z');
  const spec = { ...old, holderIdentity: holder, leaseDurationSeconds: DURATION_S, renewTime };
  if (holder === '' || holder === old.holderIdentity) return spec;
  return { ...spec, acquireTime: renewTime, leaseTransitions: old.leaseTransitions === undefined ? 0 : (old.leaseTransitions ?? 0) + 1 };
}
