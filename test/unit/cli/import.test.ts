import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';

const WHOLE = { snapshots: { frequency: '2h', storages: { local: { path: '/srv' } } } };
const NOTE = 'note  snapshots.storages: snapshots taken before have other names: they stay where they are, and nothing here deletes them\n';

async function importOf(content: string | object, ...flags: readonly string[]) {
  const directory = await scratchDirectory();
  const file = join(directory, 'snapshots.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  const host = new FakeHost({ argv: ['import', file, ...flags.map((flag) => flag.replace('OUT', join(directory, 'out.json')))] });
  return { code: await run(host), host, file, out: join(directory, 'out.json') };
}

it('prints ours, and exits 0 when nothing is lost', async () => {
  const { code, host } = await importOf(WHOLE);
  expect([code, host.stderr]).toEqual([0, NOTE]);
  expect(JSON.parse(host.stdout)).toEqual({ frequency: '2h', local_storage: { path: '/srv' } });
});

it('exits 3 when something is lost, and says where and why', async () => {
  const { code, host } = await importOf({ ...WHOLE, vault: { auth: { ldap: { username: 'u' } } } });
  expect(code).toBe(3);
  expect(host.stderr).toContain('lost  vault.auth.ldap: cannot log in so');
});

it('exits 3 when the daemon would refuse the result, and says what is wrong', async () => {
  const { code, host } = await importOf({ snapshots: { storages: {} } });
  expect(code).toBe(3);
  expect(host.stderr).toContain('wrong no destination: ');
});

it('writes a file that only its owner can read', async () => {
  const { code, host, out } = await importOf(WHOLE, '--out', 'OUT');
  expect([code, host.stdout]).toEqual([0, '']);
  expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({ frequency: '2h' });
  expect((await stat(out)).mode & 0o777).toBe(0o600);
});

it('never writes over a file', async () => {
  const directory = await scratchDirectory();
  const out = join(directory, 'snapshot.json');
  await writeFile(out, 'mine');
  const { code, host } = await importOf(WHOLE, '--out', out);
  expect(code).toBe(5);
  expect(host.stderr).toContain(`${out}: is there already`);
  expect(await readFile(out, 'utf8')).toBe('mine');
});

it('says so when it cannot write', async () => {
  const { code, host } = await importOf(WHOLE, '--out', '/nonexistent/snapshot.json');
  expect(code).toBe(1);
  expect(host.stderr).toContain('/nonexistent/snapshot.json: ENOENT');
});

it('reports to programs in one JSON object', async () => {
  const { code, host } = await importOf({ ...WHOLE, other: 1 }, '--json');
  expect(code).toBe(3);
  expect(JSON.parse(host.stdout)).toEqual({
    from: 'successor',
    config: { frequency: '2h', local_storage: { path: '/srv' } },
    lost: [{ place: 'other', why: 'there is no such thing here' }],
    changed: [{ place: 'snapshots.storages', why: expect.any(String) }],
    faults: [],
  });
});

it('takes a word for it whose the file is', async () => {
  const { host } = await importOf({ local_storage: { path: '/srv' }, retain: 3 }, '--from', 'nbis');
  expect(JSON.parse(host.stdout)).toEqual({ retain: 3, local_storage: { path: '/srv' } });
});

it('names the file that it cannot read', async () => {
  const { code, host, file } = await importOf('snapshot_agent {\n}\n');
  expect(code).toBe(78);
  expect(host.stderr).toContain(`vault-snapshotd: ${file}: this is HCL`);
});
