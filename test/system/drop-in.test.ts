import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { start } from './program.ts';
import { expectWhole, snapshotsIn, tree } from './scene.ts';

const JOURNAL = { JOURNAL_STREAM: '8:12345' };
const CREATED = /Successfully created local snapshot to (\S+)/;

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

/** A host as the ancestor leaves it: its configuration, its files, nothing else. */
async function ancestorsHost(files: readonly string[], settings: Readonly<Record<string, unknown>> = {}) {
  const directory = await scratchDirectory();
  const destination = join(directory, 'backups');
  const state = join(directory, 'state');
  const config = join(directory, 'snapshot.json');
  await mkdir(destination);
  for (const name of files) await writeFile(join(destination, name), `of the ancestor: ${name}`, { mode: 0o644 });
  const text = {
    addr: vault.address,
    retain: 3,
    frequency: '3600s',
    role_id: role.roleId,
    secret_id: role.secretId,
    aws_storage: { access_key_id: '', secret_access_key: '', s3_region: '', s3_bucket: '', s3_key_prefix: '' },
    local_storage: { path: destination },
    google_storage: { bucket: '' },
    azure_storage: { account_name: '', account_key: '', container_name: '' },
    ...settings,
  };
  await writeFile(config, JSON.stringify(text, undefined, 4), { mode: 0o600 });
  return { destination, config, env: { STATE_DIRECTORY: state } };
}

function named(secondsAgo: number): string {
  return `raft_snapshot-${Date.now() - secondsAgo * 1000}123456.snap`;
}

describe('in the place of the ancestor', () => {
  it("takes a snapshot at once, counts the ancestor's files, and prunes the oldest of them", async () => {
    const [old, older, oldest] = [named(60), named(3660), named(7260)];
    const { destination, config, env } = await ancestorsHost([old, older, oldest]);
    // The times of files mean nothing: a copy has new ones.
    await utimes(join(destination, oldest), new Date(), new Date());
    const daemon = start([config], env);
    const [, location = ''] = CREATED.exec(await daemon.line(CREATED)) ?? [];
    await daemon.line(/round done/);
    expect(location).toMatch(/\/raft_snapshot-\d{19}\.snap$/);
    const fresh = location.slice(destination.length + 1);
    expect(await snapshotsIn(destination)).toEqual([older, old, fresh]);
    expect(await readFile(join(destination, old), 'utf8')).toBe(`of the ancestor: ${old}`);
    expect((await stat(location)).mode & 0o777).toBe(0o600);
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
  });

  it('never touches what only looks like a snapshot', async () => {
    const foreign = ['raft_snapshot-1.snap', 'my-raft_snapshot-1700000000000000000.snap', 'raft_snapshot-1700000000000000000.snap.bak', 'notes.txt', '.hidden'];
    const { destination, config, env } = await ancestorsHost(foreign, { retain: 1 });
    const directory = 'raft_snapshot-1600000000000000000.snap';
    await mkdir(join(destination, directory));
    const daemon = start([config], env);
    await daemon.line(/round done/);
    daemon.signal('SIGUSR1');
    await daemon.line(/round done/);
    const left = await tree(destination);
    expect(left).toEqual(expect.arrayContaining([...foreign, directory]));
    // Besides them one snapshot, its manifest and the folder of the manifests.
    expect(left).toHaveLength(foreign.length + 1 + 3);
  });

  it('writes the lines that were grepped for, with their priority in the journal', async () => {
    const { config, env } = await ancestorsHost([]);
    const daemon = start([config], { ...env, ...JOURNAL });
    expect(await daemon.line(CREATED)).toMatch(/^<6>Successfully created local snapshot to \//);
    await vault.seal();
    daemon.signal('SIGUSR1');
    const line = await daemon.line(/^<3>/);
    expect(line).toMatch(
      /^<3>Unable to determine leader instance\. {2}The snapshot agent will only run on the leader node\. {2}Are you running this daemon on a Vault instance\?/,
    );
    await vault.unseal();
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    expect(daemon.lines.filter((each) => !/^<[3467]>/.test(each))).toEqual([]);
  });

  it('needs nothing but the file: verified snapshots beside those of the ancestor', async () => {
    const { destination, config, env } = await ancestorsHost([]);
    const daemon = start(['--config', config], env);
    await daemon.line(/round done/);
    await expectWhole(destination);
    expect(await snapshotsIn(destination)).toHaveLength(1);
  });
});
