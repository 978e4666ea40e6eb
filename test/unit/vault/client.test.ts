import { afterEach, describe, expect, it } from 'vitest';
import { type Answers, LEADER, ok, SEAL, startAnsweringVault } from '../../fakes/vault/answering-vault.ts';
import { type ClientOptions, failureOf, literal } from '../../fakes/vault/client-of.ts';

const NEVER = new AbortController().signal;
const TOKEN = { auth: { method: 'token', token: literal('t-1') } } as const;
const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((vault) => vault.close()));
});

async function start(answers: Answers, options: Partial<ClientOptions> = {}) {
  const vault = await startAnsweringVault(answers, options);
  started.push(vault);
  return vault;
}

describe('the facts of a cluster', () => {
  it('come from answers that need no token', async () => {
    const { client, server } = await start({ 'sys/leader': ok(LEADER), 'sys/seal-status': ok(SEAL) }, TOKEN);
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
    { name: 'an OpenBao that hides its version', seal: { version: '', commit_date: 'x' }, leader: { performance_standby: undefined }, product: 'openbao' },
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
    { name: 'an answer of something else', seal: { sealed: undefined }, code: 'vault_bad_answer' },
    { name: 'no cluster id', seal: { cluster_id: '' }, code: 'vault_bad_answer' },
  ])('refuse $name', async ({ seal, code }) => {
    const { client } = await start({ 'sys/leader': ok(LEADER), 'sys/seal-status': ok({ ...SEAL, ...seal }) });
    expect((await failureOf(client.describe(NEVER))).code).toBe(code);
  });
});

describe('the check of Vault', () => {
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
    const { client } = await start(answers, TOKEN);
    const findings = await client.check(NEVER);
    expect(findings.filter(({ ok: isFine }) => !isFine).map(({ what }) => what)).toEqual(failed);
    expect(findings.filter(({ ok: isFine }) => !isFine).every((finding) => finding.advice.includes(advice))).toBe(true);
    expect(findings[0]).toMatchObject({ what: 'connection', ok: true });
  });

  it.each([[''], [undefined]])('says nothing of a version it is not told: %j', async (version) => {
    const { client } = await start({ 'sys/seal-status': ok({ ...SEAL, sealed: true, version }) }, TOKEN);
    expect((await client.check(NEVER))[0]?.detail).toMatch(/^http:\/\/127\.0\.0\.1:\d+ answers$/);
  });

  it('finds fault with a Vault that does not answer', async () => {
    const { client, server } = await start({});
    await server.close();
    expect(await client.check(NEVER)).toMatchObject([{ what: 'connection', ok: false }]);
    started.length = 0;
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
    expect(Number(log.lines[0]?.fields.skew_seconds)).toBeGreaterThan(2 * 60);
  });
});
