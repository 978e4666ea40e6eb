import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PracticeVault, startPracticeVault } from '../../demo/practice-vault.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { snapshotsIn } from '../system/scene.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';

const run = promisify(execFile);

const NOBODY = 'http://127.0.0.1:1';
const DESTINATIONS = {
  aws_storage: { s3_bucket: 'b', s3_endpoint: NOBODY, s3_region: 'us-east-1', access_key_id: 'a', secret_access_key: 'some-secret' },
  azure_storage: { container_name: 'container', account_name: 'account', account_key: 'c29tZS1zZWNyZXQ=', endpoint: `${NOBODY}/account` },
  google_storage: { bucket: 'bucket', endpoint: NOBODY, anonymous: true },
};

/** How a program is started: its path, and the PATH it finds others on. */
export interface Started {
  readonly program: string;
  readonly path: string;
}

/** What has to work however the program was built and whatever it runs on. */
export function describeProgram(what: string, prepare: () => Promise<Started>): void {
  describe(what, () => {
    let vault: PracticeVault;
    let started: Started;

    beforeAll(async () => {
      [started, vault] = await Promise.all([prepare(), startPracticeVault()]);
    });

    afterAll(() => vault?.close());

    async function configured(destination: object) {
      const directory = await scratchDirectory();
      const config = join(directory, 'snapshot.json');
      const { address: addr, roleId: role_id, secretId: secret_id } = vault;
      await writeFile(config, JSON.stringify({ addr, role_id, secret_id, spool_path: join(directory, 'state'), ...destination }), { mode: 0o600 });
      const env = { PATH: started.path, HOME: directory };
      return async (...args: readonly string[]) => (await run(started.program, [...args, '--config', config], { env })).stdout;
    }

    it('takes a snapshot and proves it again', async () => {
      const path = join(await scratchDirectory(), 'snapshots');
      const program = await configured({ local_storage: { path } });
      expect((await run(started.program, ['version'], { env: { PATH: started.path } })).stdout).toMatch(/^vault-snapshotd \d/);
      expect((await run(started.program, ['help'], { env: { PATH: started.path } })).stdout).toContain('--once');
      expect(await program('check', '--offline')).toContain(path);
      expect(JSON.parse(await program('--once', '--json'))).toMatchObject({ outcome: 'taken' });
      const [name = ''] = await snapshotsIn(path);
      expect(await program('verify', '--all')).toContain(name);
      const { sha256 } = await verifyArchive(await readFile(join(path, name)));
      expect((await run(started.program, ['inspect', join(path, name)], { env: { PATH: started.path } })).stdout).toContain(sha256);
    });

    it.each(Object.keys(DESTINATIONS))('has what %s needs, which is loaded only then', async (kind) => {
      const program = await configured({ [kind]: DESTINATIONS[kind as keyof typeof DESTINATIONS] });
      const failed = (await program('check', '--json').catch((error: unknown) => error)) as { readonly stdout: string; readonly stderr: string };
      expect(failed.stderr).toBe('');
      const { findings } = JSON.parse(failed.stdout) as { readonly findings: readonly { readonly what: string; readonly code?: string }[] };
      expect(findings.filter(({ what: part }) => part.startsWith('destination')).map(({ code }) => code)).toEqual(['storage_unavailable']);
    });
  });
}
