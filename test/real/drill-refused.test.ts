import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { mountSmallDisk, scratchDirectory } from '../fakes/scratch.ts';
import { removeVault, startEmptyVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { tree } from '../system/scene.ts';
import { type DrillScene, fillSource, makeDrillScene, type Told } from './drill-scene.ts';

const OTHER_ID = '11111111-2222-3333-4444-555555555555';
const DEAD_END = 'http://127.0.0.1:9';

describe('a drill that must not be', () => {
  let source: VaultNode;
  let scene: DrillScene;
  let name: string;

  beforeAll(async () => {
    source = await startVault({ nodeId: 'first' });
    await fillSource(source);
  });

  afterAll(async () => {
    if (source) await removeVault(source);
  });

  beforeEach(async () => {
    scene = await makeDrillScene(source);
    name = await scene.take();
  });

  /** No server was started, and no record is written of what was none. */
  function expectNothingStarted({ told }: Told): void {
    expect(told.steps.map((step) => step.name)).not.toContain('start');
    expect(told.outcome).toBe('failed');
  }

  const drill = async (settings = {}, flags: readonly string[] = [], env = {}) => (await scene.host(source.keys, settings)).drill(flags, env);

  it('refuses an archive that was cut or changed anywhere, with the check that failed', async () => {
    const file = join(scene.destination, name);
    const whole = await readFile(file);
    const flipped = (at: number) => Buffer.from(whole).fill((whole[at] ?? 0) ^ 1, at, at + 1);
    const damages: readonly Uint8Array[] = [
      ...[1, 4, 8, 9, 16, 64, 200, Math.floor(whole.length / 2), whole.length - 10].map((bytes) => whole.subarray(0, whole.length - bytes)),
      flipped(10),
      flipped(Math.floor(whole.length / 2)),
      flipped(whole.length - 1),
      Buffer.concat([whole, Buffer.from('more')]),
      Buffer.concat([whole, whole]),
      Buffer.alloc(0),
      Buffer.alloc(whole.length),
    ];
    const directory = await scratchDirectory();
    const host = await scene.host(source.keys);
    for (const [at, bytes] of damages.entries()) {
      const path = join(directory, `raft_snapshot-${at + 1}.snap`);
      await writeFile(path, bytes);
      const told = await host.drill(['--file', path]);
      expect(told.told, `damage ${at}`).toMatchObject({ exit_code: 65, stage: 'read', level: 'none', error: { code: 'archive_corrupt' } });
      expectNothingStarted(told);
    }
    await writeFile(file, whole.subarray(1));
    const stored = await host.drill();
    expect(stored.told).toMatchObject({ exit_code: 65, stage: 'choose', error: { code: 'archive_corrupt' } });
  });

  it('refuses a snapshot of another cluster, naming both', async () => {
    const told = await drill({ cluster: { id: OTHER_ID } }, ['--snapshot', name]);
    expect(told.told).toMatchObject({ exit_code: 5, error: { code: 'cluster_mismatch' } });
    const own = (await source.request('GET', 'sys/seal-status')).json.cluster_id as string;
    for (const id of [OTHER_ID, own]) expect(told.told.error?.message).toContain(id);
    expectNothingStarted(told);
  });

  it('refuses a disk that is too small', async () => {
    const host = await scene.host(source.keys);
    await mkdir(host.state);
    await mountSmallDisk(host.state, 16_384);
    const told = await host.drill();
    expect(told.told).toMatchObject({ exit_code: 73, error: { code: 'spool_no_space' } });
    expectNothingStarted(told);
  });

  it('refuses a server older than the snapshot, of another product, and none at all', async () => {
    const directory = await scratchDirectory();
    const fake = async (text: string) => {
      const path = join(directory, `server-${text.length}`);
      await writeFile(path, `#!/bin/sh\necho '${text}'\n`);
      await chmod(path, 0o755);
      return path;
    };
    const rows = [
      [await fake('Vault v1.20.9 (abc), built x'), 5, 'server_too_old'],
      [await fake('OpenBao v2.5.5 (abc), built yz'), 5, 'server_too_old'],
      [await fake('hello'), 78, 'config_invalid'],
      [join(directory, 'nothing'), 78, 'config_invalid'],
    ] as const;
    for (const [binary, exit, code] of rows) {
      const told = await drill({}, ['--server-binary', binary]);
      expect(told.told).toMatchObject({ exit_code: exit, stage: 'server', error: { code } });
      expectNothingStarted(told);
    }
    const unfound = await drill({ drill: { binary: '' } });
    expect(unfound.told.error).toMatchObject({ code: 'config_invalid', message: 'drill: there is no vault in PATH' });
  });

  it('refuses a place that something can be reached from, before the server starts', async () => {
    const leaky = await fakeUnshare('while [ "$1" != -- ]; do shift; done; shift; exec "$@"');
    const open = await drill({}, [], leaky);
    expect(open.told).toMatchObject({ exit_code: 5, stage: 'isolation', error: { code: 'egress_open' } });
    expect(open.told.error?.message).toContain(source.address.replace('http://', ''));
    expectNothingStarted(open);
    const external = await drill({ drill: { isolation: 'external' } });
    expect(external.told).toMatchObject({ exit_code: 5, error: { code: 'egress_open' } });
    expectNothingStarted(external);
    const port = new URL(source.address).port;
    const probed = await drill({ addr: DEAD_END, drill: { isolation: 'external', probe: [`127.0.0.1:${port}`] } });
    expect(probed.told).toMatchObject({ error: { code: 'egress_open', message: `isolation: the throw-away server could reach 127.0.0.1:${port}` } });
    // Nothing that is probed answers, and still it is no place of its own.
    const unnoticed = await drill({ addr: DEAD_END }, [], leaky);
    expect(unnoticed.told).toMatchObject({ exit_code: 5, stage: 'start', error: { code: 'egress_open' } });
  });

  it('refuses a host without namespaces, unless it is told to do without', async () => {
    const told = await drill({}, [], await fakeUnshare('echo "unshare: Operation not permitted" >&2; exit 1'));
    expect(told.told).toMatchObject({ exit_code: 5, error: { code: 'no_namespace' } });
    expect(told.told.error?.message).toContain('Operation not permitted');
    expect(told.told.error?.advice).toContain('"isolation": "external"');
    expectNothingStarted(told);
  });

  it('says in a dry run whether it could be done here, and starts nothing', async () => {
    const { told } = await drill({}, ['--dry-run']);
    expect(told).toMatchObject({ exit_code: 0, level: 'verified' });
    expect(told.steps.map((step) => step.name)).toEqual(['choose', 'read', 'server', 'place', 'isolation', 'clean']);
    expect((await tree(scene.destination)).filter((path) => path.includes('.verified-'))).toEqual([]);
  });

  it('refuses a server that is in use, and above all the source itself', async () => {
    const closed = { addr: DEAD_END };
    const own = await drill(closed, ['--address', source.address]);
    expect(own.told).toMatchObject({ exit_code: 5, stage: 'server', error: { code: 'refused' } });
    expect(own.told.error?.message).toContain('is a server of the cluster');
    await source.seal();
    const sealed = await drill(closed, ['--address', source.address]);
    await source.unseal();
    expect(sealed.told.error?.message).toContain('is initialised already');
  });

  it('fills an empty server that is given, and reminds of the copy in it', async () => {
    const given = await startEmptyVault({ nodeId: 'other' });
    onTestFinished(() => removeVault(given));
    const { told } = await drill({ addr: DEAD_END }, ['--address', given.address]);
    expect(told).toMatchObject({
      exit_code: 0,
      level: 'canary-read',
      isolated: false,
      left_behind: [`${given.address}: holds a copy of the cluster: throw it away`],
    });
  });

  it('never takes an older snapshot in place of a bad one', async () => {
    const second = await scene.take();
    await writeFile(join(scene.destination, second), 'nothing');
    const told = await drill();
    expect(told.told).toMatchObject({ exit_code: 65, error: { code: 'archive_corrupt' } });
    expect(told.told.error?.message).toContain(second);
  });

  it('writes nothing beside the snapshot of what is wrong only here, and what it found wrong with it', async () => {
    const elsewhere = join(await scratchDirectory(), 'nothing');
    const told = [
      await drill({}, ['--server-binary', elsewhere]),
      await drill({ recovery: { shares: [{ file: elsewhere }] } }),
      await drill({ drill: { isolation: 'namespace' } }, [], await fakeUnshare('exit 1')),
    ];
    expect(told.map((one) => [one.told.exit_code, one.told.error?.code])).toEqual([
      [78, 'config_invalid'],
      [78, 'secret_unavailable'],
      [5, 'no_namespace'],
    ]);
    expect(await recordsOf(name)).toEqual([]);
    const file = join(scene.destination, name);
    const bytes = await readFile(file);
    await chmod(file, 0o600);
    await writeFile(file, bytes.fill(0, bytes.length - 100, bytes.length - 50));
    expect((await drill()).told.error?.code).toBe('archive_corrupt');
    expect(await recordsOf(name)).toEqual([expect.stringMatching(/\.failed-\d{8}T\d{6}Z\.json$/)]);
  });

  const recordsOf = async (about: string) =>
    (await readdir(join(scene.destination, 'manifests'))).filter((file) => file.startsWith(`${about}.`) && file !== `${about}.json`);

  /** A PATH on which `unshare` does this. */
  async function fakeUnshare(script: string): Promise<{ readonly PATH: string }> {
    const directory = await scratchDirectory();
    await writeFile(join(directory, 'unshare'), `#!/bin/sh\n${script}\n`);
    await chmod(join(directory, 'unshare'), 0o755);
    return { PATH: `${directory}:${process.env.PATH}` };
  }
});
