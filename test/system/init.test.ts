import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { serverBinary, VAULT } from '../servers/binaries.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { ROOT } from '../unit/source-tree.ts';
import { run } from './program.ts';
import { snapshotsIn } from './scene.ts';
import { Terminal } from './terminal.ts';

const PROGRAM = join(ROOT, 'bin/vault-snapshotd');
let vault: VaultNode;

beforeAll(async () => {
  vault = await startVault();
});

afterAll(() => removeVault(vault));

/** What is to be pasted before systemd comes in, run as an operator would. */
async function paste(commands: string, directory: string): Promise<string> {
  const bin = join(directory, 'bin');
  await mkdir(bin);
  await symlink(await serverBinary(VAULT), join(bin, 'vault'));
  await symlink(PROGRAM, join(bin, 'vault-snapshotd'));
  const [script = ''] = commands.split('# Under systemd:');
  const env = {
    PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: directory,
    XDG_STATE_HOME: join(directory, 'state'),
    VAULT_ADDR: vault.address,
    VAULT_TOKEN: vault.rootToken,
  };
  const { status, stdout, stderr } = spawnSync('sh', ['-e'], { input: script, encoding: 'utf8', cwd: directory, env });
  expect({ status, stderr, stdout }).toMatchObject({ status: 0 });
  return stdout;
}

describe('init, against a real Vault', () => {
  it('prints commands that make the role, and --once takes a snapshot with the configuration it wrote', async () => {
    const directory = await scratchDirectory();
    const out = join(directory, 'vault d');
    const place = join(directory, 'snapshots');
    const { code, stdout } = await run(['init', '--addr', vault.address, '--place', place, '--out', out, '--yes']);
    expect(code).toBe(0);
    expect(await paste(stdout, directory)).toMatch(/^ok {4}destination local: wrote, listed, read back and removed/m);
    const once = await run(['--once', '--config', join(out, 'snapshot.json')], { CREDENTIALS_DIRECTORY: out, XDG_STATE_HOME: join(directory, 'state') });
    expect(once.code).toBe(0);
    expect(await snapshotsIn(place)).toHaveLength(1);
  });
});

describe('init on a terminal', () => {
  it('asks, says what was wrong with an answer, and prints what to do', async () => {
    const out = join(await scratchDirectory(), 'vault.d');
    const terminal = new Terminal([PROGRAM, 'init', '--out', out], { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: '/nonexistent' });
    await terminal.until('Address of the Vault on this host [https://127.0.0.1:8200]: ');
    terminal.type('vault.example\n');
    await terminal.until('must be an address');
    terminal.type('\n');
    await terminal.until('[approle]: ');
    terminal.type('kubernetes\n');
    await terminal.until('[local]: ');
    terminal.type('gcp\n');
    await terminal.until('Bucket: ');
    terminal.type('acme\n');
    await terminal.until('[1h]: ');
    terminal.type('30m\n');
    await terminal.until('vault write auth/kubernetes/role/vault-snapshotd');
    expect(await terminal.ended).toBe(0);
    const config = JSON.parse(await readFile(join(out, 'snapshot.json'), 'utf8')) as object;
    expect(config).toMatchObject({ k8s_auth_role: 'vault-snapshotd', google_storage: { bucket: 'acme' }, frequency: '30m' });
  });

  it('ends with 130 at Ctrl-C in the middle of a question, and has written nothing', async () => {
    const out = join(await scratchDirectory(), 'vault.d');
    const terminal = new Terminal([PROGRAM, 'init', '--out', out], { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: '/nonexistent' });
    await terminal.until(']: ');
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(existsSync(out)).toBe(false);
  });
});
