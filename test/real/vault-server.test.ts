import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../src/config/config.ts';
import type { VaultClient } from '../../src/vault/client.ts';
import { clientOf, failureOf, literal, RecordingLog } from '../fakes/vault/client-of.ts';
import { Authority, type Certificate } from '../servers/certificates.ts';
import { type Cluster, startCluster } from '../servers/cluster.ts';
import { removeVault, startEmptyVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';

const NEVER = new AbortController().signal;

function asRoot(node: VaultNode): AuthConfig {
  return { method: 'token', token: literal(node.rootToken) };
}

async function take(client: VaultClient): Promise<number> {
  let bytes = 0;
  for await (const chunk of await client.openSnapshot(NEVER)) bytes += chunk.length;
  return bytes;
}

describe('a real Vault', () => {
  it('tells what it is, sealed, unsealed, restarted', async () => {
    const empty = await startEmptyVault();
    const client = clientOf({ address: empty.address });
    expect((await failureOf(client.leadership(NEVER))).code).toBe('vault_uninitialized');
    await removeVault(empty);
    expect((await failureOf(client.leadership(NEVER))).code).toBe('vault_unreachable');
    await client.close();
  });

  it('is described, led and read, then sealed, then back', async () => {
    const node = await startVault({ shares: 5, threshold: 3 });
    const log = new RecordingLog();
    const client = clientOf({ address: node.address, auth: asRoot(node), log });
    try {
      const leader = await client.leadership(NEVER);
      expect(leader).toMatchObject({ role: 'leader', isAssumed: false });
      expect(leader.role === 'leader' && (leader.appliedIndex ?? 0n) > 0n).toBe(true);
      expect(await client.describe(NEVER)).toMatchObject({ product: 'vault', version: '1.21.0', sealType: 'shamir', sealShares: 5, sealThreshold: 3 });
      expect(await take(client)).toBeGreaterThan(1000);
      await node.seal();
      for (const ask of [() => client.leadership(NEVER), () => client.describe(NEVER), () => client.openSnapshot(NEVER)]) {
        expect((await failureOf(ask(), node.rootToken)).code).toBe('vault_sealed');
      }
      await node.restart();
      await until('the leader to be back', async () => (await client.leadership(NEVER)).role === 'leader');
      expect(await take(client)).toBeGreaterThan(1000);
    } finally {
      await client.close();
      await removeVault(node);
    }
  });
});

describe('a real Vault with a unix socket', () => {
  it('is asked and read through it, and is the one on this host', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'vault-socket-'));
    const socket = join(dir, 'vault.sock');
    const node = await startVault({ extraConfig: `listener "unix" { address = "${socket}" }` });
    const client = clientOf({ address: `unix://${socket}`, auth: asRoot(node) });
    try {
      expect(await client.leadership(NEVER)).toMatchObject({ role: 'leader', isAssumed: false });
      expect(await take(client)).toBeGreaterThan(1000);
    } finally {
      await client.close();
      await removeVault(node);
      await rm(dir, { recursive: true, force: true });
    }
  });
});

describe('a real Vault with TLS', () => {
  let dir: string;
  let ca: Authority;
  let server: Certificate;
  let client: Certificate;
  let node: VaultNode;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vault-tls-'));
    ca = await Authority.create(dir);
    server = await ca.issue('server', { usage: 'server', names: ['IP:127.0.0.1'] });
    client = await ca.issue('client', { usage: 'client' });
    node = await startVault({ tls: { ...server, caFile: ca.caFile, clientCaFile: ca.caFile, client } });
  });

  afterAll(async () => {
    await removeVault(node);
    await rm(dir, { recursive: true, force: true });
  });

  it('is read with its private CA and a client certificate', async () => {
    const tls = { caCertFile: ca.caFile, clientCertFile: client.certFile, clientKeyFile: client.keyFile };
    const vault = clientOf({ address: node.address, auth: asRoot(node), tls });
    expect((await vault.leadership(NEVER)).role).toBe('leader');
    expect(await take(vault)).toBeGreaterThan(1000);
    await vault.close();
  });

  it('refuses us without a client certificate, or with one of strangers, and we say so', async () => {
    const strangers = await Authority.create(dir, 'strangers');
    const strange = await strangers.issue('strange', { usage: 'client' });
    for (const own of [{}, { clientCertFile: strange.certFile, clientKeyFile: strange.keyFile }]) {
      const vault = clientOf({ address: node.address, auth: asRoot(node), tls: { caCertFile: ca.caFile, ...own } });
      for (const ask of [() => vault.leadership(NEVER), () => vault.openSnapshot(NEVER)]) {
        const error = await failureOf(ask(), node.rootToken);
        expect(error.code).toBe('vault_tls');
        expect(error.advice).toContain('"client_cert"');
      }
      await vault.close();
    }
  });

  it('is not trusted without its CA, and the key to set is named', async () => {
    const vault = clientOf({ address: node.address, auth: asRoot(node) });
    const error = await failureOf(vault.leadership(NEVER), node.rootToken);
    expect(error.code).toBe('vault_tls');
    expect(error.advice).toContain('"ca_cert"');
    await vault.close();
  });

  it('says that it speaks TLS when asked in clear', async () => {
    const vault = clientOf({ address: node.address.replace('https:', 'http:') });
    const error = await failureOf(vault.leadership(NEVER));
    expect(error.code).toBe('vault_bad_answer');
    expect(error.advice).toContain('https://');
  });
});

describe('three real Vaults', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster();
  });

  afterAll(async () => {
    await cluster.remove();
  });

  it('have one leader, and a follower neither is it nor gives us the token away', async () => {
    const leader = await cluster.leader();
    for (const node of cluster.nodes) {
      const vault = clientOf({ address: node.address, auth: asRoot(leader) });
      expect((await vault.leadership(NEVER)).role).toBe(node === leader ? 'leader' : 'standby');
      if (node !== leader) expect((await failureOf(vault.openSnapshot(NEVER), leader.rootToken)).code).toBe('vault_standby');
      await vault.close();
    }
  });

  it('are seen from a balancer by the addresses and the raft configuration', async () => {
    const leader = await cluster.leader();
    const [follower] = await cluster.followers();
    const hosts = new Map([[leader, '10.1.0.1']]);
    if (follower !== undefined) hosts.set(follower, '10.1.0.2');
    // Loopback names no host, so each node goes by another address here.
    const resolve = async (host: string) => [...hosts].filter(([node]) => node.settings.ip === host).map(([, address]) => address);
    const seenFrom = (interfaces: string[]) => clientOf({ address: leader.address, auth: asRoot(leader), interfaces, resolve });
    const answers = await Promise.all([['10.1.0.1'], ['10.1.0.2'], ['10.1.0.9']].map((own) => seenFrom(own).leadership(NEVER)));
    expect(answers.map(({ role }) => role)).toEqual(['leader', 'standby', 'leader']);
    expect(answers[1]?.reason).toContain('another one leads');
    expect(answers[2]?.reason).toContain('no server of the cluster');
  });

  it('hand over: the old leader is a standby, a new one leads', async () => {
    const old = await cluster.leader();
    const next = await cluster.stepDown();
    const [was, is] = [old, next].map((node) => clientOf({ address: node.address }));
    expect((await was?.leadership(NEVER))?.role).toBe('standby');
    expect((await is?.leadership(NEVER))?.role).toBe('leader');
  });

  it('are missed by the last one: it has no leader', async () => {
    const leader = await cluster.leader();
    const [first, second] = await cluster.followers();
    await Promise.all([leader.kill(), first?.kill()]);
    const vault = clientOf({ address: second?.address ?? '' });
    const error = await until('the last one to notice', () =>
      vault.leadership(NEVER).then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
    );
    expect(error).toMatchObject({ code: 'vault_no_leader' });
  });
});
