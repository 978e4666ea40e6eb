import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority } from './certificates.ts';
import { startCluster } from './cluster.ts';
import { removeVault, startVault } from './vault.ts';
import { appRole, fill } from './vault-data.ts';
import { until } from './wait.ts';

describe('the servers of the tests', () => {
  let dir: string;
  let authority: Authority;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'servers-'));
    authority = await Authority.create(dir);
  });

  afterAll(() => rm(dir, { recursive: true }));

  it('are real: unsealed with three of five keys, filled, read with the role of an agent, sealed and restarted', async () => {
    const vault = await startVault({ shares: 5, threshold: 3 });
    try {
      await fill(vault, 1_000_000);
      const { roleId, secretId } = await appRole(vault, { settings: { token_ttl: '1h' } });
      const login = await vault.request('PUT', 'auth/approle/login', { role_id: roleId, secret_id: secretId });
      const auth = login.json.auth as { readonly client_token: string; readonly lease_duration: number };
      expect(auth.lease_duration).toBe(3600);
      const snapshot = await vault.request('GET', 'sys/storage/raft/snapshot', undefined, auth.client_token);
      expect(snapshot.status).toBe(200);
      expect(snapshot.text.length).toBeGreaterThan(500_000);
      await vault.seal();
      expect((await vault.request('GET', 'sys/health')).status).toBe(503);
      await vault.restart();
      expect((await vault.request('GET', 'filling/value-0', undefined, vault.rootToken)).status).toBe(200);
    } finally {
      await removeVault(vault);
    }
  });

  it('form a cluster over mTLS that elects a new leader, and take a killed one back', async () => {
    const names = ['IP:127.0.0.2', 'IP:127.0.0.3', 'IP:127.0.0.4'];
    const client = await authority.issue('client', { usage: 'client' });
    const server = await authority.issue('server', { usage: 'server', names });
    const cluster = await startCluster(3, { tls: { ...server, caFile: authority.caFile, clientCaFile: authority.caFile, client } });
    try {
      const first = await cluster.leader();
      const second = await cluster.stepDown();
      expect(second).not.toBe(first);
      const { killed, leader } = await cluster.killLeader();
      expect(killed).toBe(second);
      expect(leader).not.toBe(second);
      await killed.start();
      await killed.unseal();
      expect(await cluster.followers()).toHaveLength(2);
    } finally {
      await cluster.remove();
    }
  });

  it('have certificates for other names and of another time', async () => {
    const hour = 3_600_000;
    const expired = await authority.issue('expired', {
      usage: 'server',
      names: ['DNS:other.test'],
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2026-01-01T01:00:00Z'),
    });
    const certificate = new X509Certificate(await readFile(expired.certFile));
    expect(certificate.validToDate.getTime() - certificate.validFromDate.getTime()).toBe(hour);
    expect(certificate.checkHost('other.test')).toBe('other.test');
    expect(certificate.checkIP('127.0.0.1')).toBeUndefined();
    expect(certificate.verify(new X509Certificate(await readFile(authority.caFile)).publicKey)).toBe(true);
  });

  it('end with the process that started them, even when it is killed', async () => {
    const script = join(dir, 'starter.ts');
    const module = join(import.meta.dirname, 'vault.ts');
    await writeFile(
      script,
      `const { startVault } = await import('${module}');\nconst { pid, settings } = await startVault();\nconsole.log(pid, settings.dir);\n`,
    );
    const starter = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string];
    const [pid = '', vaultDir = ''] = line.split(' ');
    try {
      starter.kill('SIGKILL');
      await until('the server to end', async () => !(await isRunning(Number(pid))), 10_000);
    } finally {
      await rm(vaultDir, { recursive: true, force: true });
    }
  });
});

/** A zombie has ended too: in a container nobody may be there to reap it. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return 'State:\tX';
    throw error;
  });
  return !/^State:\s+[ZX]/m.test(status);
}
