import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HostileProxy } from '../fakes/proxy.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, createToken } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { run, start } from './program.ts';
import { makeScene, type Scene } from './scene.ts';

const DEBUG = { log: { level: 'debug' } };

let vault: VaultNode;
let role: AppRole;
let proxy: HostileProxy;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
  proxy = await HostileProxy.start(vault.address);
});

afterAll(async () => {
  await proxy.close();
  await removeVault(vault);
});

beforeEach(() => {
  proxy.fault = { kind: 'none' };
});

/** Which of these stand in the text; of any token its beginning is enough. */
function leaksIn(text: string, secrets: readonly string[]): readonly string[] {
  return [...secrets, 'hvs.', 'hvb.'].filter((secret) => text.includes(secret));
}

/** The names and the contents of all files but the snapshots, which are secrets as a whole. */
async function everythingBelow(...directories: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const directory of directories) {
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      parts.push(entry.name);
      if (entry.isFile() && !entry.name.endsWith('.snap')) parts.push(await readFile(join(entry.parentPath, entry.name), 'utf8'));
    }
  }
  return parts.join('\n');
}

interface Way {
  readonly name: string;
  /** The settings, and the secret that stands in them or behind them. */
  readonly prepare: (scene: Scene) => Promise<{ readonly settings: Readonly<Record<string, unknown>>; readonly secret: string }>;
}

const WAYS: readonly Way[] = [
  { name: 'an AppRole in the file', prepare: async () => ({ settings: {}, secret: role.secretId }) },
  {
    name: 'an AppRole by reference',
    prepare: async ({ directory }) => {
      const file = join(directory, 'secret-id');
      await writeFile(file, `${role.secretId}\n`, { mode: 0o600 });
      return { settings: { secret_id: { file } }, secret: role.secretId };
    },
  },
  {
    name: 'a token file',
    prepare: async ({ directory }) => {
      const file = join(directory, 'token');
      const token = await createToken(vault);
      await writeFile(file, `${token}\n`, { mode: 0o600 });
      return { settings: { token_path: file, role_id: undefined, secret_id: undefined }, secret: token };
    },
  },
  {
    name: 'a token in the file',
    prepare: async () => {
      const token = await createToken(vault);
      return { settings: { token, vault_auth_method: 'token', role_id: undefined, secret_id: undefined }, secret: token };
    },
  },
];

const JSON_TYPE = { 'content-type': 'application/json' };
const ECHOES = [
  { status: 403, headers: JSON_TYPE, body: '{"errors":["permission denied for {token}"]}' },
  { status: 500, headers: JSON_TYPE, body: '{"errors":["1 error occurred:\\n\\t* token {token} is bad\\n\\n"]}' },
  { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>X-Vault-Token: {token}</html>' },
  { status: 502, headers: { 'content-type': 'text/plain' }, body: 'X-Vault-Token: {token}' },
  { status: 307, headers: { location: 'http://127.0.0.1:9/?token={token}' }, body: '' },
] as const;

describe.each(WAYS)('with $name', ({ prepare }) => {
  it('no secret is in the logs, the arguments, the environment, the state, the manifests or the names', async () => {
    const scene = await makeScene(proxy.address, role);
    const { settings, secret } = await prepare(scene);
    await scene.configure({ ...settings, ...DEBUG });
    const { promise, resolve: release } = Promise.withResolvers<void>();
    proxy.fault = { kind: 'hold', at: 8000, until: promise };
    const asked = proxy.snapshotsAsked;
    const daemon = start(['--config', scene.config]);
    await until('the archive to be asked for', async () => proxy.snapshotsAsked > asked);
    const process = await Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${daemon.pid}/${file}`, 'latin1')));
    const during = await everythingBelow(scene.state);
    release();
    await daemon.line(/round done/);
    daemon.signal('SIGTERM');
    const { code, stdout, stderr } = await daemon.ended;
    expect(code).toBe(0);
    const seen = { process: process.join('\n'), during, stdout, stderr, files: await everythingBelow(scene.state, scene.destination) };
    for (const [where, text] of Object.entries(seen)) expect({ where, leaks: leaksIn(text, [secret, role.roleId]) }).toEqual({ where, leaks: [] });
  });

  it.each(ECHOES)('no secret is in what an answer of $status that holds the token makes it say', async (echo) => {
    const scene = await makeScene(proxy.address, role);
    const { settings, secret } = await prepare(scene);
    await scene.configure({ ...settings, ...DEBUG });
    proxy.fault = { kind: 'answer', ...echo };
    const { code, stdout, stderr } = await run(['--once', '--json', '--config', scene.config]);
    expect(code).not.toBe(0);
    expect(leaksIn(stdout + stderr, [secret, role.roleId])).toEqual([]);
  });
});
