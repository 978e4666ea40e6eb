import { afterEach, describe, expect, it } from 'vitest';
import { type Answers, LEADER, ok, SEAL, startAnsweringVault } from '../../fakes/vault/answering-vault.ts';
import { type ClientOptions, clientOf, failureOf, literal } from '../../fakes/vault/client-of.ts';
import type { Reply } from '../../fakes/vault/http-vault.ts';

const NEVER = new AbortController().signal;
const SEALED = { status: 503, json: { errors: ['Vault is sealed'] } };
const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((vault) => vault.close()));
});

async function start(answers: Answers, options: Partial<ClientOptions> = {}) {
  const vault = await startAnsweringVault(answers, options);
  started.push(vault);
  return vault;
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

  it('ends with the reason of the signal while a name server keeps silent', async () => {
    const stop = new AbortController();
    const resolve = () => {
      stop.abort(new Error('told to stop'));
      return new Promise<never>(() => undefined);
    };
    const { client } = await start({ 'sys/leader': ok(LEADER) }, { resolve });
    await expect(client.leadership(stop.signal)).rejects.toThrow('told to stop');
  });

  it('takes a name that does not resolve for no host of ours', async () => {
    const resolve = async () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    const { client } = await start({ 'sys/leader': ok(LEADER) }, { resolve, leaderCheck: 'ip' });
    expect((await client.leadership(NEVER)).role).toBe('standby');
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
