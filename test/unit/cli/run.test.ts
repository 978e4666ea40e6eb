import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';

/** A configuration whose Vault is not there. */
async function configured(changes: object = {}, env: Record<string, string> = {}, ...argv: readonly string[]) {
  const home = await scratchDirectory();
  const path = join(home, 'snapshot.json');
  await mkdir(join(home, 'snapshots'));
  await writeFile(
    path,
    JSON.stringify({
      addr: 'http://127.0.0.1:1',
      token: 't0ken',
      spool_path: join(home, 'state'),
      local_storage: { path: join(home, 'snapshots') },
      ...changes,
    }),
  );
  return { home, host: new FakeHost({ argv: ['--config', path, ...argv], env, homeDirectory: home }) };
}

describe('the program', () => {
  it.each([
    { argv: ['help'], out: 'commands' },
    { argv: ['--version'], out: 'vault-snapshotd ' },
  ])('answers on stdout and exits 0: $argv', async ({ argv, out }) => {
    const host = new FakeHost({ argv });
    expect(await run(host)).toBe(0);
    expect(host.stdout).toContain(out);
    expect(host.stderr).toBe('');
  });

  it('says on stderr what was wrong with the command line, and exits 2', async () => {
    const host = new FakeHost({ argv: ['--wrong'] });
    expect(await run(host)).toBe(2);
    expect(host.stderr).toBe(`vault-snapshotd: unknown flag --wrong\nhint: run "vault-snapshotd help" for the commands and flags (usage)\n`);
    expect(host.stdout).toBe('');
  });

  it('exits 78 for a configuration that is not there', async () => {
    const host = new FakeHost({ argv: ['/nonexistent/snapshot.json'] });
    expect(await run(host)).toBe(78);
    expect(host.stderr).toContain('/nonexistent/snapshot.json');
    expect(host.stderr).toContain('(config_unreadable)');
  });

  it('names each fault of a configuration on a line of its own, with a priority under journald', async () => {
    const { host } = await configured({ frequency: 'soon', retain: 'many' }, { JOURNAL_STREAM: '8:1' });
    expect(await run(host)).toBe(78);
    const lines = host.stderr.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) expect(line).toMatch(/^<3>(vault-snapshotd|hint): /);
  });

  it('checks a configuration offline without asking anybody, secrets masked', async () => {
    const { host } = await configured({}, {}, '--offline');
    const offline = new FakeHost({ argv: ['check', ...host.argv] });
    expect(await run(offline)).toBe(0);
    expect(offline.stdout).toContain('frequency');
    expect(offline.stdout).not.toContain('t0ken');
  });
});

describe('--once', () => {
  it('reports on stdout and logs on stderr, and exits with the code of the cause', async () => {
    const { host } = await configured({}, {}, '--once', '--json');
    expect(await run(host)).toBe(69);
    expect(JSON.parse(host.stdout)).toMatchObject({ outcome: 'failed', code: 'vault_unreachable', delivered: [], missed: [], pruned: [] });
    expect(host.stderr).toContain('Unable to determine leader instance.  The snapshot agent will only run on the leader node.');
    expect(host.stderr + host.stdout).not.toContain('t0ken');
  });

  it.each([
    [{ frequency: 'soon' }, 78, 'config_invalid'],
    [{ spool_path: '/dev/null' }, 74, 'spool_failed'],
  ])('reports a round that could not begin, too: %j', async (changes, exitCode, code) => {
    const { host } = await configured(changes, {}, '--once', '--json');
    expect(await run(host)).toBe(exitCode);
    expect(JSON.parse(host.stdout)).toMatchObject({ outcome: 'failed', code, message: expect.any(String), delivered: [], missed: [], pruned: [] });
    expect(host.stderr).toContain(`(${code})`);
  });
});

describe('the daemon', () => {
  it('goes on without Vault, re-reads its configuration, refuses a bad one, and exits 0', async () => {
    const { host, home } = await configured();
    const path = join(home, 'snapshot.json');
    const ended = run(host);
    const untilSaid = async (text: string) => {
      while (!host.stderr.includes(text)) await new Promise(setImmediate);
    };
    await untilSaid('event=round_failed');
    await writeFile(path, '{"frequency": "soon"}');
    host.send('SIGHUP');
    await untilSaid('event=reload_refused');
    await writeFile(
      path,
      JSON.stringify({ addr: 'http://127.0.0.1:2', token: 't0ken', spool_path: join(home, 'state'), local_storage: { path: join(home, 'snapshots') } }),
    );
    host.send('SIGHUP');
    await untilSaid('event=config_reloaded');
    host.send('SIGTERM');
    expect(await ended).toBe(0);
  });
});
