import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Status } from '../../src/observability/status.ts';
import { Authority } from '../servers/certificates.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { fetchFrom, freePort, silentClient } from '../unit/observability/http/scene.ts';
import { run, start } from './program.ts';
import { makeScene, startIdle } from './scene.ts';

const HOST = '127.0.0.1';

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

describe('a daemon with a round behind it', () => {
  it('serves every path, and tells of the round that was', async () => {
    const port = await freePort();
    const { program } = await startIdle(vault.address, role, { listen: `:${port}`, cluster: { name: 'prod' } });
    const get = async (path: string) => fetchFrom({ host: HOST, port }, path);
    expect((await get('/')).body).toContain('prod');
    const clusters = async () => (JSON.parse((await get('/status')).body) as Status).clusters;
    await expect.poll(async () => (await clusters())[0]?.destinations[0]?.snapshots).toBe(1);
    expect(await clusters()).toMatchObject([
      { cluster: 'prod', role: 'leader', verdict: 'good', last_outcome: 'taken', destinations: [{ name: 'local', state: 'delivered', freshness: 'fresh' }] },
    ]);
    const metrics = (await get('/metrics')).body;
    expect(metrics).toContain('vault_snapshotd_snapshots_total{cluster="prod",schedule="default",result="success"} 1\n');
    expect(metrics).toContain('vault_snapshotd_raft_leader{cluster="prod"} 1\n');
    await expect.poll(async () => (await get('/-/ready')).status).toBe(200);
    expect((await get('/-/healthy')).status).toBe(200);
    expect((await get('/nothing')).status).toBe(404);
    const secrets = [role.secretId, role.roleId, vault.rootToken];
    for (const path of ['/', '/status', '/metrics']) {
      const { body } = await get(path);
      expect(secrets.filter((secret) => body.includes(secret))).toEqual([]);
    }
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
  });

  it('is asked by the status verb without any configuration of it, and well', async () => {
    const { scene } = await startIdle(vault.address, role, { cluster: { name: 'prod' } });
    const { code, stdout } = await run(['status', '--config', scene.config]);
    expect(stdout).toMatch(/^prod: all good: newest proved snapshot \d+ s old, fresh at 1 of 1 destination\n/);
    expect(stdout).toMatch(/^local +delivered +\d+ s ago +fresh +1 /m);
    expect(code).toBe(0);
    const json = await run(['status', '--json', '--config', scene.config]);
    expect(JSON.parse(json.stdout)).toMatchObject({ verdict: 'good', program: { config: scene.config } });
  });

  it('is found by the status verb also when its file has been spoiled since', async () => {
    const { scene } = await startIdle(vault.address, role, {});
    const { code, stdout, stderr } = await run(['status', '--config', scene.config], { STATE_DIRECTORY: scene.state });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await writeFile(scene.config, '{');
    const spoiled = await run(['status', '--config', scene.config], { STATE_DIRECTORY: scene.state });
    expect(spoiled.code).toBe(0);
    expect(spoiled.stdout.split(':')[0]).toBe(stdout.split(':')[0]);
    expect(spoiled.stderr).toContain('(config_invalid)');
  });

  it('ends at once though clients hang, and takes its socket with it', async () => {
    const port = await freePort();
    const { scene, program } = await startIdle(vault.address, role, { listen: `:${port}` });
    const socket = join(scene.state, 'status.sock');
    const clients = [await silentClient({ host: HOST, port }), await silentClient({ path: socket }, 'GET /metrics HTTP/1.1\r\n')];
    const closed = clients.map((client) => once(client.resume(), 'close'));
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
    await Promise.all(closed);
    expect(existsSync(socket)).toBe(false);
  });

  it('goes on while 200 clients hold connections and say nothing', async () => {
    const port = await freePort();
    const { scene, program } = await startIdle(vault.address, role, { listen: `:${port}` });
    const clients = await Promise.all(Array.from({ length: 200 }, () => silentClient({ host: HOST, port })));
    program.signal('SIGUSR1');
    await program.line(/round done/);
    expect((await run(['status', '--config', scene.config])).code).toBe(0);
    for (const client of clients) client.destroy();
    await expect.poll(async () => (await fetchFrom({ host: HOST, port }).catch(() => undefined))?.status).toBe(200);
  });

  it('writes the textfile after each round', async () => {
    const scene = await makeScene(vault.address, role, {});
    const textfile = join(scene.directory, 'x.prom');
    await scene.configure({ textfile, cluster: { name: 'prod' } });
    const program = start(['--config', scene.config]);
    await program.line(/round done/);
    const counted = (count: number) => `snapshots_total{cluster="prod",schedule="default",result="success"} ${count}\n`;
    await expect.poll(() => readFile(textfile, 'utf8').catch(() => '')).toContain(counted(1));
    program.signal('SIGUSR1');
    await expect.poll(() => readFile(textfile, 'utf8'), { timeout: 20_000 }).toContain(counted(2));
  });
});

describe('a daemon that hangs', () => {
  it('is told from one that does not run, without asking at its other address too', async () => {
    const port = await freePort();
    const { scene, program } = await startIdle(vault.address, role, { listen: `:${port}` });
    program.signal('SIGSTOP');
    const { code, stderr } = await run(['status', '--config', scene.config]);
    program.signal('SIGCONT');
    expect(code).toBe(69);
    expect(stderr).toContain(`the daemon hangs: unix:${join(scene.state, 'status.sock')}: no answer in time\n`);
    expect(stderr).toContain('restart it');
  });
});

describe('a daemon that was killed', () => {
  it('leaves a socket nobody answers at, which the next one takes over', async () => {
    const { scene, program } = await startIdle(vault.address, role);
    program.signal('SIGKILL');
    await program.ended;
    expect(existsSync(join(scene.state, 'status.sock'))).toBe(true);
    const asked = await run(['status', '--config', scene.config]);
    expect(asked.code).toBe(69);
    expect(asked.stderr).toContain(`no daemon answers: unix:${join(scene.state, 'status.sock')}: ECONNREFUSED`);
    expect(asked.stderr).toContain('(no_daemon)');
    const next = start(['--config', scene.config]);
    await next.line(/is ready/);
    await expect.poll(async () => (await run(['status', '--config', scene.config])).code, { timeout: 20_000 }).toBe(0);
  });
});

describe('listen', () => {
  it('at a port that is taken ends the start with one line and a code of its own', async () => {
    const port = await freePort();
    const other = createServer().listen(port, HOST);
    await once(other, 'listening');
    const scene = await makeScene(vault.address, role, { listen: `:${port}` });
    const { code, stderr } = await run(['--config', scene.config]);
    other.close();
    expect(code).toBe(73);
    expect(stderr).toContain(`vault-snapshotd: listen: 127.0.0.1:${port}: address already in use (EADDRINUSE)\n`);
    expect(stderr).toContain('(listen_failed)');
    expect(existsSync(join(scene.state, 'status.sock'))).toBe(false);
  });

  it('moves on SIGHUP, and stays when the new place cannot be had', async () => {
    const [first, second, taken] = [await freePort(), await freePort(), await freePort()];
    const other = createServer().listen(taken, HOST);
    await once(other, 'listening');
    const { scene, program } = await startIdle(vault.address, role, { listen: `:${first}` });
    await scene.configure({ listen: `:${second}` });
    program.signal('SIGHUP');
    await program.line(/new configuration is in effect/);
    await expect(fetchFrom({ host: HOST, port: first })).rejects.toThrow('ECONNREFUSED');
    await scene.configure({ listen: `:${taken}` });
    program.signal('SIGHUP');
    expect(await program.line(/the new configuration is refused/)).toContain('EADDRINUSE');
    other.close();
    const metrics = (await fetchFrom({ host: HOST, port: second }, '/metrics')).body;
    expect(metrics).toContain('vault_snapshotd_config_last_reload_successful 0\n');
    // Counted on over the reload, and by the new one too.
    expect(metrics).toMatch(/snapshots_total\{.*result="success"\} 1\n/);
  });

  it('with a certificate and a token is asked by the status verb where its socket is out of reach', async () => {
    const port = await freePort();
    const scene = await makeScene(vault.address, role);
    const authority = await Authority.create(scene.directory);
    const { certFile, keyFile } = await authority.issue('listen', { usage: 'server', names: ['DNS:elsewhere.test'] });
    const listen = { address: `0.0.0.0:${port}`, tls: { cert: certFile, key: keyFile }, token: 's3cret-of-listen' };
    await scene.configure({ listen });
    const program = start(['--config', scene.config]);
    await program.line(/round done/);
    await scene.configure({ listen, spool_path: join(scene.directory, 'elsewhere') });
    const { code, stdout } = await run(['status', '--config', scene.config]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('all good') });
    await scene.configure({ listen: { ...listen, token: 'another' }, spool_path: join(scene.directory, 'elsewhere') });
    const refused = await run(['status', '--config', scene.config]);
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({ code: 69, stderr: expect.stringContaining(`0.0.0.0:${port}: answered 401`) });
    expect(program.lines.join('\n')).not.toContain('s3cret-of-listen');
  });
});

describe('a daemon whose Vault is away', () => {
  it('is ready and healthy, answers, and says what to do', async () => {
    const [port, nobody] = [await freePort(), await freePort()];
    const scene = await makeScene(`http://127.0.0.1:${nobody}`, role, { listen: `:${port}` });
    const program = start(['--config', scene.config]);
    await program.line(/is ready/);
    await expect.poll(async () => (await fetchFrom({ host: HOST, port }, '/-/ready').catch(() => undefined))?.status, { timeout: 30_000 }).toBe(200);
    expect((await fetchFrom({ host: HOST, port }, '/-/healthy')).status).toBe(200);
    const status = async () => run(['status', '--config', scene.config]);
    await expect.poll(async () => (await status()).code, { timeout: 30_000 }).toBe(4);
    expect((await status()).stdout).toContain('hint: check that Vault runs and that "addr" is its listener');
    expect((await fetchFrom({ host: HOST, port }, '/metrics')).body).toMatch(/vault_snapshotd_vault_reachable\{cluster="[^"]+"\} 0\n/);
  });
});
