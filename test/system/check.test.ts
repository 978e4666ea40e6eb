import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOnlyView, scratchDirectory } from '../fakes/scratch.ts';
import { Authority } from '../servers/certificates.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from './program.ts';
import { makeScene, type Scene, type Settings, tree } from './scene.ts';

let vault: VaultNode;
let role: AppRole;
let certificates: string;
let authority: Authority;

beforeAll(async () => {
  certificates = mkdtempSync(join(tmpdir(), 'certificates-'));
  authority = await Authority.create(certificates);
  const certificate = await authority.issue('vault', { usage: 'server', names: ['IP:127.0.0.1'] });
  vault = await startVault({ tls: { ...certificate, caFile: authority.caFile } });
  role = await appRole(vault);
});

afterAll(async () => {
  await removeVault(vault);
  rmSync(certificates, { recursive: true });
});

async function sceneOverTls(settings: Settings = {}): Promise<Scene> {
  return await makeScene(vault.address, role, { tls: { ca_cert: authority.caFile }, ...settings });
}

interface Outcome {
  readonly code: number | null;
  readonly text: string;
  /** What failed, as `what code`. */
  readonly failures: readonly string[];
}

async function check({ config }: Scene): Promise<Outcome> {
  const { code, stdout, stderr } = await run(['check', '--json', '--config', config]);
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly { readonly what: string; readonly ok: boolean; readonly code?: string }[] };
  expect(stdout + stderr).not.toContain(role.secretId);
  return { code, text: stdout, failures: findings.filter(({ ok }) => !ok).map((finding) => `${finding.what} ${finding.code}`) };
}

describe('check', () => {
  it('asks for everything a round needs, and leaves nothing behind', async () => {
    const scene = await sceneOverTls();
    const { code, stdout, stderr } = await run(['check', '--config', scene.config]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const what of ['connection', 'seal and storage', 'login', 'snapshot policy', 'leadership', 'spool', 'destination local']) {
      expect(stdout).toMatch(new RegExp(`^ok +${what}: `, 'm'));
    }
    expect(stdout).toMatch(/^ok +leadership: leader: is_self/m);
    expect(stdout).not.toContain(role.secretId);
    expect((await tree(scene.destination)).filter((path) => path !== 'manifests')).toEqual([]);
    expect(await tree(scene.state)).toEqual([]);
  });

  it('tells each warning once', async () => {
    const { stdout, stderr } = await run(['check', '--config', (await sceneOverTls({ tls: { skip_verify: true } })).config]);
    expect(stdout).toContain('warning: the certificate of Vault is not verified');
    expect(stderr).toBe('');
  });

  it('tells of a CA that did not sign the certificate, and which key to set', async () => {
    const strangers = await Authority.create(await scratchDirectory(), 'strangers');
    const scene = await sceneOverTls({ tls: { ca_cert: strangers.caFile } });
    const { code, text, failures } = await check(scene);
    expect(code).toBe(69);
    expect(failures).toContain('connection vault_tls');
    expect(text).toContain('ca_cert');
  });

  it('tells of a Vault that is not there', async () => {
    const { code, failures } = await check(await sceneOverTls({ addr: 'http://127.0.0.1:1' }));
    expect(code).toBe(69);
    expect(failures).toEqual(['connection vault_unreachable', 'leadership vault_unreachable']);
  });

  it('tells of a secret id that is none', async () => {
    const { code, failures } = await check(await sceneOverTls({ secret_id: 'not-it' }));
    expect({ code, failures }).toEqual({ code: 77, failures: ['login vault_login_failed'] });
  });

  it('tells of a policy that is missing', async () => {
    const other = await appRole(vault, { role: 'powerless', policy: 'path "sys/health" { capabilities = ["read"] }' });
    const { code, failures } = await check(await sceneOverTls({ role_id: other.roleId, secret_id: other.secretId }));
    expect({ code, failures }).toEqual({ code: 77, failures: ['snapshot policy vault_denied'] });
  });

  it('tells of a destination that cannot be written to, and of the others that can', async () => {
    const real = await scratchDirectory();
    const readOnly = await readOnlyView(real);
    const scene = await sceneOverTls();
    await scene.configure({
      local_storage: [
        { name: 'good', path: scene.destination },
        { name: 'bad', path: readOnly },
      ],
    });
    const { code, failures } = await check(scene);
    expect({ code, failures }).toEqual({ code: 77, failures: ['destination bad storage_denied'] });
  });

  it('tells of a secret that every user can read', async () => {
    const file = join(await scratchDirectory(), 'secret-id');
    await writeFile(file, role.secretId);
    await chmod(file, 0o644);
    const { code, text, failures } = await check(await sceneOverTls({ secret_id: { file } }));
    expect({ code, failures }).toEqual({ code: 78, failures: ['login secret_unavailable'] });
    expect(text).toContain('chmod o-rwx');
  });

  it('tells of a state directory that cannot be made', async () => {
    const file = join(await scratchDirectory(), 'file');
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, '');
    const { code, stderr } = await run(['check', '--config', (await sceneOverTls({ spool_path: join(file, 'state') })).config]);
    expect(code).toBe(74);
    expect(stderr).toContain('spool_path');
  });
});

describe('check of a sealed Vault', () => {
  beforeAll(() => vault.seal());
  afterAll(() => vault.unseal());

  it('says so', async () => {
    const { code, failures } = await check(await sceneOverTls());
    expect(code).toBe(69);
    expect(failures).toEqual(['seal and storage vault_sealed', 'leadership vault_sealed']);
  });
});
