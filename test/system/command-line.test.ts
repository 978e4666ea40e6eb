import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { run } from './program.ts';

const SECRET = 'sEcReT-0f-th3-r0le';

async function fileWith(text: string): Promise<string> {
  const path = join(await scratchDirectory(), 'snapshot.json');
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

function valid(more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ addr: 'http://127.0.0.1:1', role_id: 'a-role', secret_id: SECRET, local_storage: { path: '/srv/backups' }, ...more });
}

describe('the command line', () => {
  it.each([['--help'], ['-h'], ['help']])('%s explains itself on stdout', async (flag) => {
    const { code, stdout, stderr } = await run([flag]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^vault-snapshotd: /);
    expect(stdout).toContain('--once');
  });

  it.each([['--version'], ['-v'], ['version']])('%s tells the version', async (flag) => {
    expect(await run([flag])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^vault-snapshotd \d+\.\d+\.\d+\n$/), stderr: '' });
  });

  it.each([
    [['--onec']],
    [['--config']],
    [['--offline']],
    [['--json']],
    [['a.json', 'b.json']],
    [['a.json', '--config', 'b.json']],
    [['verfy']],
  ])('ends with 2 and one line for %j', async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^vault-snapshotd: .*\nhint: .* \(usage\)\n$/);
  });

  it.each([[['--config']], [[]], [['--once', '--config']], [['check', '--offline', '--config']]])('ends with 78 when %j names no file', async (args) => {
    const { code, stdout, stderr } = await run([...args, '/nonexistent/snapshot.json']);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(/^vault-snapshotd: .*\/nonexistent\/snapshot\.json.*\nhint: .* \(config_unreadable\)\n$/);
  });

  it('takes /etc/vault.d/snapshot.json when nothing else is said', async () => {
    expect((await run(['--help'])).stdout).toContain('default /etc/vault.d/snapshot.json');
  });
});

describe('a bad configuration', () => {
  const bad = valid({ frequency: 'hourly', retain: 'all', sekret_id: SECRET, tls: { skip_verify: 'maybe' } });

  it.each([
    [['--config']],
    [['--once', '--config']],
    [['check', '--offline', '--config']],
    [['check', '--config']],
  ])('ends %j with 78, all its faults told and no secret', async (args) => {
    const path = await fileWith(bad);
    const { code, stdout, stderr } = await run([...args, path]);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    for (const key of ['frequency', 'retain', 'sekret_id', 'tls.skip_verify']) expect(stderr).toContain(`vault-snapshotd: ${path}: ${key}`);
    expect(stderr).toContain('"secret_id"');
    expect(stderr).not.toContain(SECRET);
  });

  it('is told under journald with its priority', async () => {
    const { stderr } = await run(['--config', await fileWith('{')], { JOURNAL_STREAM: '8:12345' });
    expect(stderr).toMatch(/^<3>vault-snapshotd: .*\n<3>hint: .*\n$/);
  });
});

describe('check --offline', () => {
  it('shows what is in effect and where it came from, secrets masked', async () => {
    const { code, stdout, stderr } = await run(['check', '--offline', '--config', await fileWith(valid())], { VAULT_CACERT: '/etc/ssl/own.pem' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^addr +http:\/\/127\.0\.0\.1:1 +file$/m);
    expect(stdout).toMatch(/^secret_id +\[secret\] \(literal\) +file$/m);
    expect(stdout).toMatch(/^tls\.ca_cert +\/etc\/ssl\/own\.pem +.*VAULT_CACERT/m);
    expect(stdout).toMatch(/^frequency +1h +default$/m);
    expect(stdout).not.toContain(SECRET);
  });

  it('does so as one JSON object', async () => {
    const { code, stdout } = await run(['check', '--offline', '--json', '--config', await fileWith(valid())]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ effective: expect.any(Array), warnings: expect.any(Array), findings: [] });
    expect(stdout).not.toContain(SECRET);
  });

  it('skips a byte order mark', async () => {
    expect((await run(['check', '--offline', '--config', await fileWith(`\uFEFF${valid()}`)])).code).toBe(0);
  });

  it('reads an --env-file for what the environment leaves out', async () => {
    const config = await fileWith(JSON.stringify({ local_storage: { path: '/srv/backups' } }));
    const envFile = join(await scratchDirectory(), 'env');
    await writeFile(envFile, `# of the unit\nVAULT_ADDR=http://127.0.0.1:7\nVAULT_TOKEN="${SECRET}"\n`, { mode: 0o600 });
    const { code, stdout } = await run(['check', '--offline', '--config', config, '--env-file', envFile]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^addr +http:\/\/127\.0\.0\.1:7 /m);
    expect(stdout).not.toContain(SECRET);
    const outranked = await run(['check', '--offline', '--config', config, '--env-file', envFile], { VAULT_ADDR: 'http://127.0.0.1:9' });
    expect(outranked.stdout).toMatch(/^addr +http:\/\/127\.0\.0\.1:9 /m);
  });

  it('ends with 78 for an --env-file that is not there', async () => {
    const { code, stderr } = await run(['check', '--offline', '--config', await fileWith(valid()), '--env-file', '/nonexistent/env']);
    expect(code).toBe(78);
    expect(stderr).toContain('/nonexistent/env');
  });
});
