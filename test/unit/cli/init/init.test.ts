import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../../src/cli/run.ts';
import { FakeHost } from '../../../fakes/fake-host.ts';
import { scratchDirectory } from '../../../fakes/scratch.ts';

/** `init` with these flags, into a directory that it has to make. */
async function init(argv: readonly string[], lines?: readonly string[], out?: string) {
  const directory = out ?? join(await scratchDirectory(), 'vault.d');
  const host = new FakeHost({ argv: ['init', '--out', directory, ...argv], isStdinTerminal: lines !== undefined, ...(lines && { lines }) });
  const code = await run(host);
  const config = await readFile(join(directory, 'snapshot.json'), 'utf8').then(JSON.parse, () => undefined);
  return { directory, host, code, config, files: await readdir(directory).catch(() => []) };
}

async function unitIn(directory: string): Promise<string> {
  return await readFile(join(directory, 'snapshot-unit.conf'), 'utf8');
}

const APPROLE = { role_id: { credential: 'snapshot-role-id' }, secret_id: { credential: 'snapshot-secret-id' } };

describe('init', () => {
  it.each([
    { argv: [], config: { addr: 'https://127.0.0.1:8200', ...APPROLE, frequency: '1h', local_storage: { path: '/var/lib/vault-snapshotd/snapshots' } } },
    { argv: ['--place', '/srv/x', '--ca-cert', '/ca.pem'], config: { tls: { ca_cert: '/ca.pem' }, local_storage: { path: '/srv/x' } } },
    { argv: ['--auth', 'token_file', '--token-path', '/t'], config: { token_path: '/t' } },
    { argv: ['--auth', 'kubernetes'], config: { k8s_auth_role: 'vault-snapshotd', k8s_auth_path: 'kubernetes' } },
    { argv: ['--destination-kind', 'aws', '--place', 'b'], config: { aws_storage: { s3_bucket: 'b', s3_region: 'us-east-1' } } },
    {
      argv: ['--destination-kind', 'aws', '--place', 'b', '--endpoint', 'https://minio.example:9000'],
      config: { aws_storage: { s3_bucket: 'b', s3_endpoint: 'https://minio.example:9000', s3_force_path_style: true } },
    },
    { argv: ['--destination-kind', 'gcp', '--place', 'b', '--frequency', '30m'], config: { frequency: '30m', google_storage: { bucket: 'b' } } },
    {
      argv: ['--destination-kind', 'azure', '--place', 'account/container'],
      config: { azure_storage: { account_name: 'account', container_name: 'container', identity: 'managed' } },
    },
  ])('writes what check --offline passes: $argv', async ({ argv, config }) => {
    const written = await init([...argv, '--yes']);
    expect({ code: written.code, stderr: written.host.stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/^(wrote \/.*\n)+$/) });
    expect(written.config).toMatchObject(config);
    const check = new FakeHost({ argv: ['check', '--offline', '--config', join(written.directory, 'snapshot.json')] });
    expect({ code: await run(check), stderr: check.stderr }).toEqual({ code: 0, stderr: '' });
    expect(check.stdout).not.toContain('warning');
  });

  it('asks at a terminal, again where an answer is wrong, and takes what is said by a flag', async () => {
    const { code, config, host } = await init(['--frequency', '15m'], ['', 'ldap', 'token_file', '  /sink  ', 'aws', '', 'bucket', 'eu-central-1']);
    expect(code).toBe(0);
    expect(config).toMatchObject({
      addr: 'https://127.0.0.1:8200',
      token_path: '/sink',
      frequency: '15m',
      aws_storage: { s3_bucket: 'bucket', s3_region: 'eu-central-1' },
    });
    expect(host.stderr).toContain('Way to log in (approle, kubernetes, token_file) [approle]:   must be one of approle, kubernetes, token_file\n');
    expect(host.stderr).not.toContain('Time from one snapshot');
    expect(host.stdout).not.toContain('must be');
  });

  it('writes nothing when the answers end before the questions', async () => {
    const { code, files, host } = await init([], ['']);
    expect({ code, files }).toEqual({ code: 2, files: [] });
    expect(host.stderr).toContain('the answers ended before the questions');
  });

  it.each([
    { argv: ['--destination-kind', 'gcp'], code: 2, message: '--place is missing' },
    { argv: ['--destination-kind', 'azure', '--place', 'account'], code: 2, message: '--place: must be ACCOUNT/CONTAINER for azure, got "account"' },
    { argv: ['--place', 'relative'], code: 78, message: 'local_storage.path: must be an absolute path' },
    { argv: ['--addr', 'vault'], code: 2, message: '--addr: must be an address' },
    { argv: ['--frequency', '0s'], code: 2, message: '--frequency: must be a duration' },
  ])('writes nothing that would be refused: $argv', async ({ argv, code, message }) => {
    const refused = await init([...argv, '--yes']);
    expect({ code: refused.code, files: refused.files }).toEqual({ code, files: [] });
    expect(refused.host.stderr).toContain(message);
  });

  it('holds no secret, and is for its group at most', async () => {
    const { directory } = await init(['--yes']);
    expect((await stat(join(directory, 'snapshot.json'))).mode & 0o777).toBe(0o640);
    expect((await stat(join(directory, 'snapshot-policy.hcl'))).mode & 0o777).toBe(0o644);
  });

  it('gives the unit its credentials and its directory, quoted as systemd wants them', async () => {
    const out = join(await scratchDirectory(), 'vault d');
    await init(['--place', '/srv/100% safe', '--yes'], undefined, out);
    expect(await unitIn(out)).toBe(
      `# For /etc/systemd/system/vault-snapshotd.service.d/\n[Service]\nLoadCredential="snapshot-role-id:${out}/snapshot-role-id"\n` +
        `LoadCredential="snapshot-secret-id:${out}/snapshot-secret-id"\nReadWritePaths="/srv/100%% safe"\n`,
    );
  });

  it('leaves the unit alone where it is right as it is', async () => {
    const { files, host } = await init(['--auth', 'token_file', '--yes']);
    expect(files.sort()).toEqual(['snapshot-policy.hcl', 'snapshot.json']);
    expect(host.stdout).not.toContain('init.conf');
  });
});

describe('what is there already', () => {
  it('is never replaced, not even in part', async () => {
    const { directory } = await init(['--yes']);
    const before = await readFile(join(directory, 'snapshot.json'), 'utf8');
    const again = await init(['--place', '/srv/other', '--yes'], undefined, directory);
    expect(again.code).toBe(5);
    expect(again.host.stderr).toContain('is there already\nhint: --force replaces it');
    expect(await readFile(join(directory, 'snapshot.json'), 'utf8')).toBe(before);
    expect((await readdir(directory)).sort()).toEqual(['snapshot-policy.hcl', 'snapshot-unit.conf', 'snapshot.json']);
  });

  it.each(['snapshot.json', 'snapshot-unit.conf'])('keeps the other files from being written: %s', async (name) => {
    const directory = await scratchDirectory();
    await symlink('/nonexistent', join(directory, name));
    expect((await init(['--yes'], undefined, directory)).code).toBe(5);
    expect(await readdir(directory)).toEqual([name]);
  });

  it('is replaced with --force, also a link, whose target stays', async () => {
    const directory = await scratchDirectory();
    const elsewhere = join(await scratchDirectory(), 'elsewhere');
    await writeFile(elsewhere, 'mine');
    await symlink(elsewhere, join(directory, 'snapshot.json'));
    const { code, config } = await init(['--force', '--yes'], undefined, directory);
    expect(code).toBe(0);
    expect(config).toMatchObject({ frequency: '1h' });
    expect(await readFile(elsewhere, 'utf8')).toBe('mine');
  });

  it('may be the leftover of a run that was killed', async () => {
    const directory = await scratchDirectory();
    await writeFile(join(directory, '.snapshot.json.partial'), 'half');
    const { code, files } = await init(['--yes'], undefined, directory);
    expect(code).toBe(0);
    expect(files.sort()).toEqual(['snapshot-policy.hcl', 'snapshot-unit.conf', 'snapshot.json']);
  });

  it('is told of when it is no directory', async () => {
    const file = join(await scratchDirectory(), 'file');
    await writeFile(file, '');
    await chmod(file, 0o600);
    const { code, host } = await init(['--yes'], undefined, join(file, 'vault.d'));
    expect(code).toBe(74);
    expect(host.stderr).toMatch(/: ENOTDIR\nhint: run it as a user who may write there/);
  });

  it('leaves nothing half written when a directory stands in the way', async () => {
    const directory = await scratchDirectory();
    await mkdir(join(directory, 'snapshot.json'));
    const { code } = await init(['--force', '--yes'], undefined, directory);
    expect(code).toBe(74);
    expect((await readdir(directory)).sort()).toEqual(['snapshot-policy.hcl', 'snapshot-unit.conf', 'snapshot.json']);
  });
});
