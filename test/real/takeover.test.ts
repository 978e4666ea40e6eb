import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run, start } from '../system/program.ts';

describe('who comes from the ancestor', () => {
  let vault: VaultNode;

  beforeAll(async () => {
    vault = await startVault();
  });

  afterAll(() => removeVault(vault));

  it('checks the old configuration, starts, and has a proved snapshot among the old ones', async () => {
    const directory = await scratchDirectory();
    const path = join(directory, 'snapshots');
    const old = await leaveSnapshots(path, ['1700000000000000001', '1700003600000000002', '1700007200000000003']);
    const { roleId, secretId } = await appRole(vault);
    const config = join(directory, 'snapshot.json');
    await writeFile(config, ancestorConfig(vault.address, roleId, secretId, path));
    const env = { STATE_DIRECTORY: join(directory, 'state') };

    const checked = await run(['check', '--config', config], env);
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.stdout).not.toContain(secretId);
    expect((await readdir(path)).sort()).toEqual(['notes.txt', ...old]);

    const daemon = start([config], env);
    const line = await daemon.line(/Successfully created local snapshot to /);
    const [, location] = /Successfully created local snapshot to (\S+)/.exec(line)!;
    await daemon.line(/round done/);
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0 });

    const names = (await readdir(path)).filter((name) => name.endsWith('.snap')).sort();
    expect(names.slice(0, -1)).toEqual(old.slice(1));
    expect(location).toBe(join(path, names.at(-1)!));
    expect(await readdir(join(path, 'manifests'))).toEqual([`${names.at(-1)}.json`]);
    expect(await readdir(path)).toContain('notes.txt');
  });
});

/** As the sample of the ancestor has it, filled in. */
function ancestorConfig(addr: string, role_id: string, secret_id: string, path: string): string {
  return JSON.stringify({
    addr,
    retain: 3,
    frequency: '3600s',
    role_id,
    secret_id,
    vault_auth_method: '',
    vault_auth_role: '',
    vault_auth_path: '',
    aws_storage: { access_key_id: '', secret_access_key: '', s3_region: '', s3_bucket: '', s3_endpoint: '', s3_force_path_style: false },
    local_storage: { path },
    google_storage: { bucket: '' },
    azure_storage: { account_name: '', account_key: '', container_name: '' },
  });
}

/** Snapshots as the ancestor wrote them, without manifests, beside a file of somebody else. */
async function leaveSnapshots(path: string, nanoseconds: readonly string[]): Promise<readonly string[]> {
  await mkdir(path);
  await writeFile(join(path, 'notes.txt'), 'ours');
  const names = nanoseconds.map((each) => `raft_snapshot-${each}.snap`);
  for (const name of names) await writeFile(join(path, name), 'an archive of the ancestor', { mode: 0o644 });
  return names;
}
