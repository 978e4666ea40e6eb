import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { KubernetesLease } from '../../../src/kubernetes/lease.ts';
import { findServiceAccount } from '../../../src/kubernetes/service-account.ts';
import { ApiServer, type Odd } from '../../fakes/kubernetes/api-server.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';
import { failureOf } from '../../fakes/vault/client-of.ts';

const NEVER = new AbortController().signal;
const NOW = new Date('2026-01-02T03:04:05.678Z');
let api: ApiServer;

beforeAll(async () => {
  api = await ApiServer.start();
});

afterEach(() => {
  api.remove('begin');
  api.allowed = ['get', 'create', 'update'];
  api.asked.length = 0;
});

afterAll(() => api.close());

function open(): KubernetesLease {
  return new KubernetesLease('begin', findServiceAccount(api.env, api.accountDirectory), { now: () => NOW });
}

describe('a lease of Kubernetes', () => {
  it('is made where there is none, and written over with all that others put on it', async () => {
    const lease = open();
    expect(await lease.read(NEVER)).toBeUndefined();
    expect(await lease.write('one', NEVER)).toBe(true);
    const now = '2026-01-02T03:04:05.678000Z';
    expect(api.lease('begin')?.spec).toEqual({ holderIdentity: 'one', leaseDurationSeconds: 15, acquireTime: now, renewTime: now, leaseTransitions: 0 });
    api.put('begin', { ...api.lease('begin')?.spec, strategy: 'OldestEmulationVersion' }, { labels: { team: 'a' } });
    expect(await lease.read(NEVER)).toEqual({ holder: 'one', renewed: now, durationMs: 15_000 });
    expect(await lease.write('two', NEVER)).toBe(true);
    expect(await lease.write('', NEVER)).toBe(true);
    expect(api.lease('begin')).toMatchObject({
      metadata: { labels: { team: 'a' } },
      spec: { holderIdentity: '', leaseTransitions: 1, strategy: 'OldestEmulationVersion' },
    });
    expect(api.asked).toEqual(['get 404', 'create 201', 'get 200', 'update 200', 'update 200']);
  });

  it('is not written over what another has made, changed or taken away since', async () => {
    const lease = open();
    await lease.read(NEVER);
    api.put('begin', { holderIdentity: 'other' });
    expect(await lease.write('one', NEVER)).toBe(false);
    expect(await lease.read(NEVER)).toEqual({ holder: 'other', renewed: '', durationMs: 15_000 });
    api.put('begin', { holderIdentity: 'third', leaseDurationSeconds: 40 });
    expect(await lease.write('one', NEVER)).toBe(false);
    expect(await lease.read(NEVER)).toMatchObject({ holder: 'third', durationMs: 40_000 });
    api.remove('begin');
    expect(await lease.write('one', NEVER)).toBe(false);
    expect(api.asked).toEqual(['get 404', 'create 409', 'get 200', 'update 409', 'get 200', 'update 404']);
  });

  it('is asked for with the token of the moment', async () => {
    const lease = open();
    await lease.read(NEVER);
    await api.rotate('eyJh.second.token');
    await lease.write('one', NEVER);
    expect(api.asked).toEqual(['get 404', 'create 201']);
  });

  it.each([
    { verb: 'get', allowed: ['create', 'update'], calls: 1 },
    { verb: 'create', allowed: ['get', 'update'], calls: 2 },
  ])('that may not be asked to $verb names all that a Role must have', async ({ verb, allowed, calls }) => {
    api.allowed = allowed;
    const lease = open();
    const all = async () => {
      await lease.read(NEVER);
      await lease.write('one', NEVER);
    };
    const error = await failureOf(all(), api.token);
    expect(error).toMatchObject({ code: 'lease_denied', exitCode: 77 });
    expect(error.message).toContain(`lease begin: kubernetes: status 403, leases.coordination.k8s.io is forbidden: cannot ${verb}`);
    expect(error.advice).toContain('the verbs get, create and update on leases of coordination.k8s.io');
    expect(api.asked).toHaveLength(calls);
  });

  it('is denied to a token that counts no more', async () => {
    await writeFile(join(api.accountDirectory, 'token'), 'eyJh.old.token');
    expect(await failureOf(open().read(NEVER), 'eyJh.old.token')).toMatchObject({ code: 'lease_denied' });
    await api.rotate(api.token);
  });

  it.each<{ readonly odd: Odd; readonly says: string }>([
    { odd: 500, says: 'lease begin: kubernetes: status 500, as asked' },
    { odd: 429, says: 'status 429' },
    { odd: 'hang-up', says: 'ECONNRESET' },
    { odd: 'html', says: 'its answer is no JSON' },
    { odd: 'hang', says: 'no whole answer within 5 s' },
  ])('is not to be had where the server answers with $odd', async ({ odd, says }) => {
    api.odd = [odd];
    const error = await failureOf(open().read(NEVER), api.token);
    expect(error).toMatchObject({ code: 'lease_unavailable', exitCode: 69, isRetryable: true });
    expect(error.message).toContain(says);
  }, 15_000);

  it('does not wait for a server that hangs when it is called off', async () => {
    api.odd = ['hang'];
    const stop = new AbortController();
    api.onAsked = () => stop.abort(new SnapshotError('stopped', 'enough'));
    await expect(open().read(stop.signal)).rejects.toMatchObject({ code: 'stopped' });
    api.onAsked = () => undefined;
  });
});

describe('the service account of a pod', () => {
  it('must be there', async () => {
    expect(() => findServiceAccount({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, '/nonexistent')).toThrow(/no pod of Kubernetes/);
    const directory = await scratchDirectory();
    const lease = new KubernetesLease('begin', findServiceAccount(api.env, directory), { now: () => NOW });
    const { code, advice } = await failureOf(lease.read(NEVER));
    expect([code, advice]).toEqual(['config_unreadable', expect.stringContaining('automountServiceAccountToken')]);
  });

  it('is not told to a server of another authority', async () => {
    const other = await ApiServer.start();
    const error = await failureOf(new KubernetesLease('begin', findServiceAccount(api.env, other.accountDirectory), { now: () => NOW }).read(NEVER));
    expect(error).toMatchObject({ code: 'lease_unavailable' });
    expect(error.message).toMatch(/SELF_SIGNED|UNABLE_TO|SIGNATURE|ISSUER/);
    expect(api.asked).toEqual([]);
    await other.close();
  });
});
