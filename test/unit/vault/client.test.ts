import { afterEach, describe, expect, it } from 'vitest';
import { type ClientOptions, clientOf, failureOf, literal, RecordingLog } from '../../fakes/vault/client-of.ts';
import { type FakeServer, type Reply, startHttpVault } from '../../fakes/vault/http-vault.ts';
import { ManualClock } from '../../fakes/vault/manual-clock.ts';

const NEVER = new AbortController().signal;
const SEALED = { status: 503, json: { errors: ['Vault is sealed'] } };
const LEADER = { ha_enabled: true, is_self: true, leader_address: 'http://127.0.0.1:8200', performance_standby: false, raft_applied_index: 7 };
const SEAL = {
  type: 'shamir',
  initialized: true,
  sealed: false,
  n: 5,
  t: 3,
  version: '1.21.0',
  build_date: '2025-11-21T08:52:42Z',
  cluster_name: 'vault-cluster-1',
  cluster_id: 'c-1',
  recovery_seal: false,
  storage_type: 'raft',
};
const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

type Answers = Readonly<Record<string, Reply | (() => Reply)>>;

async function start(answers: Answers, options: Partial<ClientOptions> = {}) {
  const server: FakeServer = await startHttpVault(({ path }) => {
    const reply = answers[path.replace(/\?.*/, '')] ?? { status: 404, json: { errors: [] } };
    return typeof reply === 'function' ? reply() : reply;
  });
  const clock = new ManualClock(new Date().toISOString());
  const log = new RecordingLog();
  const client = clientOf({ address: server.address, clock, log, ...options });
  cleanUps.push(() => server.close());
  cleanUps.push(() => client.close());
  return { client, server, clock, log };
}

function ok(json: unknown): Reply {
  return { status: 200, json };
}

/** Away from the servers of Vault, as behind a load balancer. */
const AWAY = { interfaces: ['10.9.9.9'], resolve: async () => ['10.0.0.99'], auth: { method: 'token', token: literal('t-1') } } as const;

describe('leadership', () => {
  it('keeps the applied index to its last digit', async () => {
    const text = '{"ha_enabled":true,"is_self":true,"leader_address":"http://x","raft_applied_index":9007199254740993}';
    const { client } = await start({ 'sys/leader': { status: 200, text } });
    expect(await client.leadership(NEVER)).toMatchObject({ role: 'leader', isAssumed: false, appliedIndex: 9007199254740993n });
  });

  it('goes without the index where the server leaves it out, and takes a missing is_self for false', async () => {
    let body: unknown = { ha_enabled: true, is_self: true };
    const { client } = await start({ 'sys/leader': () => ok(body), 'sys/health': ok({ standby: true }) });
    expect(await client.leadership(NEVER)).toMatchObject({ role: 'leader', appliedIndex: undefined });
    body = { ha_enabled: true, leader_address: 'https://node2:8200' };
    expect(await client.leadership(NEVER)).toMatchObject({ role: 'standby' });
  });

  it('needs no token', async () => {
    const { client, server } = await start({ 'sys/leader': ok(LEADER) }, { auth: AWAY.auth });
    await client.leadership(NEVER);
    expect(server.requests.map(({ path, headers }) => [path, headers['x-vault-token']])).toEqual([['sys/leader', undefined]]);
  });

  it('waits for an election to end', async () => {
    let asked = 0;
    const { client, clock } = await start({
      'sys/leader': () => {
        asked += 1;
        return ok(asked < 3 ? { ha_enabled: true } : LEADER);
      },
      'sys/health': ok({ standby: true }),
    });
    const [answer] = await Promise.all([client.leadership(NEVER), clock.passWait().then(() => clock.passWait())]);
    expect(answer.role).toBe('leader');
  });

  it('ends without a leader after some seconds', async () => {
    const { client, clock } = await start({ 'sys/leader': ok({ ha_enabled: true }), 'sys/health': ok({ standby: true }) });
    const failed = failureOf(client.leadership(NEVER));
    let passed = 0;
    for (let waits = 0; waits < 4; waits += 1) passed += await clock.passWait();
    expect((await failed).code).toBe('vault_no_leader');
    expect(passed).toBe(10_000);
  });

  it('does not believe a standby that names a leader it no longer hears', async () => {
    const body = { ha_enabled: true, is_self: false, leader_address: 'https://node2:8200' };
    const { client, clock } = await start({ 'sys/leader': ok(body), 'sys/health': ok({ standby: true, ha_connection_healthy: false }) });
    const failed = failureOf(client.leadership(NEVER));
    for (let waits = 0; waits < 4; waits += 1) await clock.passWait();
    expect((await failed).code).toBe('vault_no_leader');
  });

  it('knows a standby whose listener hides addresses', async () => {
    const { client } = await start({ 'sys/leader': ok({ ha_enabled: true }), 'sys/health': ok({ standby: true, ha_connection_healthy: true }) });
    expect((await client.leadership(NEVER)).role).toBe('standby');
  });

  it('takes the one server without HA for its leader', async () => {
    const health = { initialized: true, sealed: false, standby: false };
    const { client } = await start({ 'sys/leader': ok({ ha_enabled: false }), 'sys/health': ok(health) });
    expect((await client.leadership(NEVER)).role).toBe('leader');
  });

  it('asks sys/health when sys/leader is rate limited', async () => {
    const health = { initialized: true, sealed: false, standby: false };
    const { client } = await start({ 'sys/leader': { status: 429, json: { errors: ['quota'] } }, 'sys/health': ok(health) });
    expect(await client.leadership(NEVER)).toMatchObject({ role: 'leader', appliedIndex: undefined });
  });

  it('tells sealed from never initialised', async () => {
    let seal: Reply = ok(SEAL);
    const { client } = await start({ 'sys/leader': SEALED, 'sys/seal-status': () => seal });
    expect((await failureOf(client.leadership(NEVER))).code).toBe('vault_sealed');
    seal = ok({ initialized: false, sealed: true });
    expect((await failureOf(client.leadership(NEVER))).code).toBe('vault_uninitialized');
  });

  it.each([
    { name: 'a readable configuration without this host', peers: ok({ data: { config: { servers: [{ address: '10.0.0.1:8201' }] } } }), isAssumed: false },
    { name: 'a configuration we may not read', peers: { status: 403, json: { errors: ['permission denied'] } }, isAssumed: true },
    { name: 'a configuration without servers', peers: ok({ data: {} }), isAssumed: true },
  ])('behind a balancer with $name is the leader, assumed: $isAssumed', async ({ peers, isAssumed }) => {
    const answers = {
      'sys/leader': ok(LEADER),
      'sys/storage/raft/configuration': peers,
      'auth/token/lookup-self': ok({ data: { ttl: 0, expire_time: null } }),
    };
    const { client } = await start(answers, { ...AWAY, ...(await balancerOf(answers)) });
    expect(await client.leadership(NEVER)).toMatchObject({ role: 'leader', isAssumed });
  });

  it('behind a balancer ends with the error of a Vault that goes away meanwhile', async () => {
    const answers = { 'sys/leader': ok(LEADER), 'sys/storage/raft/configuration': SEALED, 'auth/token/lookup-self': ok({ data: {} }) };
    const { client } = await start(answers, { ...AWAY, ...(await balancerOf(answers)) });
    expect((await failureOf(client.leadership(NEVER))).code).toBe('vault_sealed');
  });

  it('refuses an address that is none', () => {
    expect(() => clientOf({ address: 'vault:8200' })).toThrow('addr: not an http, https or unix address');
  });
});

/** The same answers under a name, because loopback is always this host. */
async function balancerOf(answers: Answers): Promise<{ address: string }> {
  const { server } = await start(answers);
  return { address: `http://localhost:${server.port}` };
}

describe('the facts of a cluster', () => {
  it('come from answers that need no token', async () => {
    const { client, server } = await start({ 'sys/leader': ok(LEADER), 'sys/seal-status': ok(SEAL) }, { auth: AWAY.auth });
    expect(await client.describe(NEVER)).toEqual({
      clusterId: 'c-1',
      clusterName: 'vault-cluster-1',
      product: 'vault',
      version: '1.21.0',
      sealType: 'shamir',
      sealShares: 5,
      sealThreshold: 3,
      hasRecoverySeal: false,
    });
    expect(server.requests.every(({ headers }) => headers['x-vault-token'] === undefined)).toBe(true);
  });

  it.each([
    {
      name: 'OpenBao 2.6',
      seal: { version: '2.6.2', commit_date: 'x', build_date: undefined },
      leader: { performance_standby: undefined },
      product: 'openbao',
    },
    { name: 'OpenBao 2.4', seal: { version: '2.4.0' }, leader: { performance_standby: undefined }, product: 'openbao' },
    { name: 'Vault 2.0', seal: { version: '2.0.1' }, leader: {}, product: 'vault' },
    { name: 'a Vault that hides its version', seal: { version: '' }, leader: {}, product: 'vault' },
  ])('know $name', async ({ seal, leader, product }) => {
    const { client } = await start({ 'sys/leader': ok({ ...LEADER, ...leader }), 'sys/seal-status': ok({ ...SEAL, ...seal }) });
    expect((await client.describe(NEVER)).product).toBe(product);
  });

  it.each([
    { name: 'another storage', seal: { storage_type: 'consul' }, code: 'vault_not_raft' },
    { name: 'a sealed Vault', seal: { sealed: true, cluster_id: undefined }, code: 'vault_sealed' },
    { name: 'a new Vault', seal: { initialized: false, sealed: true }, code: 'vault_uninitialized' },
    { name: 'no cluster id', seal: { cluster_id: '' }, code: 'vault_bad_answer' },
  ])('refuse $name', async ({ seal, code }) => {
    const { client } = await start({ 'sys/leader': ok(LEADER), 'sys/seal-status': ok({ ...SEAL, ...seal }) });
    expect((await failureOf(client.describe(NEVER))).code).toBe(code);
  });
});

describe('the check of Vault', () => {
  const token = { auth: AWAY.auth } as const;
  const lookup = { 'auth/token/lookup-self': ok({ data: { ttl: 0, expire_time: null } }) };

  it.each([
    { name: 'a sealed Vault', answers: { 'sys/seal-status': ok({ ...SEAL, sealed: true }) }, failed: ['seal and storage'], advice: 'unseal Vault' },
    {
      name: 'a dead token',
      answers: { 'sys/seal-status': ok(SEAL), ...lookup, 'sys/capabilities-self': { status: 403, json: {} } },
      failed: ['login'],
      advice: 'revoked',
    },
    {
      name: 'a token without the policy',
      answers: { 'sys/seal-status': ok(SEAL), ...lookup, 'sys/capabilities-self': ok({ data: { 'sys/storage/raft/snapshot': ['deny'] } }) },
      failed: ['snapshot policy'],
      advice: 'capabilities = ["read"]',
    },
    {
      name: 'nothing',
      answers: { 'sys/seal-status': ok(SEAL), ...lookup, 'sys/capabilities-self': ok({ data: { 'sys/storage/raft/snapshot': ['read'] } }) },
      failed: [],
      advice: '',
    },
  ])('finds fault with $name', async ({ answers, failed, advice }) => {
    const { client } = await start(answers, token);
    const findings = await client.check(NEVER);
    expect(findings.filter(({ ok: isFine }) => !isFine).map(({ what }) => what)).toEqual(failed);
    expect(findings.filter(({ ok: isFine }) => !isFine).every((finding) => finding.advice.includes(advice))).toBe(true);
    expect(findings[0]).toMatchObject({ what: 'connection', ok: true });
  });

  it('finds fault with a Vault that does not answer', async () => {
    const { client, server } = await start({});
    await server.close();
    expect(await client.check(NEVER)).toMatchObject([{ what: 'connection', ok: false }]);
    cleanUps.shift();
  });
});

describe('the clocks', () => {
  it('are compared with every answer, and a wrong one is told once', async () => {
    const { client, clock, log } = await start({ 'sys/leader': ok(LEADER) });
    await client.leadership(NEVER);
    expect(log.told()).toEqual([]);
    clock.advance(3 * 60_000);
    await client.leadership(NEVER);
    await client.leadership(NEVER);
    expect(log.told()).toEqual(['warn vault_clock_skew']);
    expect(client.clockSkewMs).toBeGreaterThan(2 * 60_000);
  });
});
