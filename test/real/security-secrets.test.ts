import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectKey } from '../../src/storage/key.ts';
import { contentOf, keysOf } from '../contract/storage-steps.ts';
import { WebReceiver } from '../fakes/web-receiver.ts';
import { AZURITE_KEY } from '../servers/azurite.ts';
import { freePorts } from '../servers/ports.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { run, start } from '../system/program.ts';
import { makeScene } from '../system/scene.ts';
import { ROOT } from '../unit/source-tree.ts';
import { fillSource, makeDrillScene } from './drill-scene.ts';
import { blocksOf } from './places.ts';
import { STORE_NAMES, Stores } from './stores.ts';

// Many programs, one after the other.
const LIMIT_MS = 240_000;

/** To be recognised wherever they turn up. */
const PLANTED = {
  listenToken: 'planted-token-of-the-listener',
  ping: 'planted-address-of-the-switch',
  hook: 'planted-address-of-the-webhook',
  hookHeader: 'planted-header-of-the-webhook',
  hookSecret: 'planted-key-of-the-webhook',
  wrongKey: 'planted-key-that-the-store-refuses',
} as const;

let stores: Stores;
let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  [stores, vault] = await Promise.all([Stores.start(), startVault({ shares: 3, threshold: 2 })]);
  await fillSource(vault);
  role = await appRole(vault);
}, 300_000);

afterAll(async () => {
  await Promise.all([stores?.stop(), vault && removeVault(vault)]);
});

/** By where it was seen; of a token of Vault its beginning is enough. */
function leaks(seen: Readonly<Record<string, string>>, secrets: readonly string[]): readonly string[] {
  const all = [...secrets, 'hvs.', 'hvb.'];
  return Object.entries(seen).flatMap(([where, said]) => all.filter((secret) => said.includes(secret)).map((secret) => `${where}: ${secret.slice(0, 12)}…`));
}

/** What any user of the host can see of a process and of what it started. */
function seenOf(pid: number): string {
  const parts: string[] = [];
  const look = (id: number): void => {
    try {
      for (const file of ['cmdline', 'environ']) parts.push(readFileSync(`/proc/${id}/${file}`, 'latin1'));
      for (const thread of readdirSync(`/proc/${id}/task`)) {
        for (const child of readFileSync(`/proc/${id}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean)) look(Number(child));
      }
    } catch (error) {
      // One that has just ended shows nothing more.
      if (!['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  };
  look(pid);
  return parts.join('\n');
}

/** Names and contents of all files but snapshots, which are secrets as a whole. */
async function filesBelow(directory: string): Promise<string> {
  const parts: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    parts.push(entry.name);
    if (entry.isFile() && !entry.name.endsWith('.snap')) parts.push(await readFile(join(entry.parentPath, entry.name), 'utf8'));
  }
  return parts.join('\n');
}

function fetched(port: number, path: string, token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      text(answer).then((body) => resolve(`${JSON.stringify(answer.headers)}\n${body}`), reject);
    });
    asked.on('error', reject).end();
  });
}

/** Everything that can be configured at once, with one destination that is refused; the secrets lie in files of their own. */
async function fullScene(web: WebReceiver, port: number) {
  const places = await Promise.all(STORE_NAMES.map((name) => stores.newPlace(name)));
  const minio = places.find(({ name }) => name === 'minio')!;
  const blocks = blocksOf(places);
  const refused = { ...minio.settings, name: 'refused', s3_key_prefix: 'refused', secret_access_key: PLANTED.wrongKey };
  const scene = await makeScene(vault.address, role, {
    ...blocks,
    aws_storage: [...(blocks.aws_storage as readonly object[]), refused],
    log: { level: 'debug' },
    listen: { address: `127.0.0.1:${port}`, token: PLANTED.listenToken },
    notify: {
      healthchecks: `${web.address}/${PLANTED.ping}`,
      webhooks: [{ url: `${web.address}/${PLANTED.hook}`, secret: PLANTED.hookSecret, headers: { 'X-Key': PLANTED.hookHeader } }],
    },
    cluster: { name: 'prod' },
  });
  const base = JSON.parse(await readFile(scene.config, 'utf8')) as object;
  await writeFile(scene.config, JSON.stringify({ ...base, textfile: join(scene.state, 'metrics.prom') }));
  return { scene, places };
}

describe('a whole life of the daemon, with everything there is to configure', () => {
  it('shows no secret in logs, reports, metrics, pages, files, messages, arguments or environments', { timeout: LIMIT_MS }, async () => {
    const web = await WebReceiver.start();
    const [port = 0] = await freePorts('127.0.0.1', 1);
    const { scene, places } = await fullScene(web, port);
    const daemon = start(['--config', scene.config]);
    const seen: Record<string, string> = {};
    await daemon.line(/round done|destination_missed/);
    seen.process = seenOf(daemon.pid);
    await daemon.line(/round done/);
    for (const path of ['/', '/metrics', '/status', '/-/ready', '/page.css']) seen[path] = await fetched(port, path, PLANTED.listenToken);
    seen['without its token'] = await fetched(port, '/status', 'another');
    for (const verb of ['status', 'list', 'check', 'verify', 'prune --dry-run', 'inspect latest']) {
      for (const form of [[], ['--json']]) {
        const { stdout, stderr } = await run([...verb.split(' '), ...form, '--config', scene.config]);
        seen[`${verb} ${form}`] = stdout + stderr;
      }
    }
    daemon.signal('SIGHUP');
    await daemon.line(/config_reloaded/);
    seen['files of the state'] = await filesBelow(scene.state);
    daemon.signal('SIGTERM');
    const { code, stdout, stderr } = await daemon.ended;
    expect(code).toBe(0);
    seen.log = stdout + stderr;
    seen.messages = web.received.map(({ body }) => body).join('\n');
    for (const { name, storage, prefix } of places) {
      for (const key of await keysOf(storage, `${prefix}/manifests/`)) seen[`${name}: ${key}`] = (await contentOf(storage, objectKey(key))).toString();
    }
    // The test is about all of it: nothing may be empty because it was not asked for.
    expect(Object.entries(seen).filter(([, said]) => said === '')).toEqual([]);
    expect(Object.keys(seen).filter((where) => where.includes('/manifests/')).length).toBeGreaterThanOrEqual(places.length);
    expect(seen.log).toContain('destination=refused');
    const secrets = [role.roleId, role.secretId, vault.rootToken, ...vault.keys, AZURITE_KEY, ...Object.values(PLANTED)];
    const logins = places.flatMap(({ settings }) => [settings.secret_access_key, settings.account_key].filter((secret) => typeof secret === 'string'));
    expect(leaks(seen, [...secrets, ...logins])).toEqual([]);
  });
});

describe('a drill with the shares of the cluster', () => {
  it('shows none of them in what it says, in what it leaves, or in arguments and environments of what it starts', { timeout: LIMIT_MS }, async () => {
    const scene = await makeDrillScene(vault);
    await scene.take();
    const host = await scene.host(vault.keys.slice(0, 2));
    const drill = host.begin();
    const looks = new Set<string>();
    let hasEnded = false;
    void drill.ended.then(() => {
      hasEnded = true;
    });
    const look = async () => {
      looks.add(seenOf(drill.pid));
      return hasEnded;
    };
    await until('the drill to end', look, LIMIT_MS);
    const { code, stdout, stderr } = await drill.ended;
    const processes = [...looks].join('\n');
    expect(code, stderr).toBe(0);
    expect(processes).toMatch(/server/);
    expect(leaks({ processes, stdout, stderr, files: await filesBelow(host.state) }, vault.keys)).toEqual([]);
  });
});

describe('the units', () => {
  it.each(readdirSync(join(ROOT, 'packaging/systemd')).filter((name) => name.endsWith('.service')))('%s writes no core and no swap', async (name) => {
    const unit = await readFile(join(ROOT, 'packaging/systemd', name), 'utf8');
    expect(unit.split('\n')).toEqual(expect.arrayContaining(['LimitCORE=0', 'MemorySwapMax=0']));
  });
});
