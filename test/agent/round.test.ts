import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, renderReport } from '../../src/agent/report.ts';
import { SnapshotError } from '../../src/errors.ts';
import { parseNameTemplate } from '../../src/snapshot/name.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { LocalStorage } from '../../src/storage/local/storage.ts';
import { type ArchiveOptions, buildArchive } from '../fakes/archive.ts';
import { SOME_FACTS, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { aScene, destinationOf, leftInState, manifestAt, round, visible } from './scene.ts';

const KEY = 'raft_snapshots/raft_snapshot-1772366400000000000.snap';
const BIG = buildArchive({ padStateTo: 300_000, index: 42n });
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function stores(...names: readonly string[]): Promise<readonly MemoryStorage[]> {
  return names.map((name) => new MemoryStorage({ name }));
}

describe('a round', () => {
  it('brings the same whole bytes to every destination', async () => {
    const scene = await aScene();
    const path = await scratchDirectory();
    const disk = new LocalStorage({
      name: 'local',
      path,
      owner: { host: 'vault-0', pid: 1, startedMs: 1 },
      isAlive: () => false,
      now: () => scene.clock.now(),
    });
    const clouds = await stores('aws', 'gcp', 'azure');
    scene.vault.archive = BIG;
    const report = await round(scene, [destinationOf(disk, { prefix: keyPrefix('') }), ...clouds.map((storage) => destinationOf(storage))]);
    expect(report).toMatchObject({ outcome: 'taken', missed: [], pruned: [] });
    expect(await readFile(join(path, 'raft_snapshot-1772366400000000000.snap'))).toEqual(BIG);
    expect((await stat(join(path, 'raft_snapshot-1772366400000000000.snap'))).mode & 0o777).toBe(0o600);
    for (const { objects } of clouds) expect(objects.get(KEY)?.bytes).toEqual(BIG);
    expect(await leftInState(scene)).toEqual([]);
    expect(await scene.deps.intents.list()).toEqual([]);
    expect(scene.vault.openArchives).toBe(0);
  });

  it('reports what was taken, delivered and where', async () => {
    const scene = await aScene();
    const [aws] = await stores('aws');
    const archive = buildArchive({ index: 2n ** 60n, term: 7n });
    scene.vault.archive = archive;
    const report = await round(scene, [destinationOf(aws!)]);
    expect(exitCodeOf(report)).toBe(0);
    expect(JSON.parse(renderReport(report))).toEqual({
      outcome: 'taken',
      snapshot: {
        name: 'raft_snapshot-1772366400000000000.snap',
        size: archive.length,
        sha256: sha256(archive),
        index: '1152921504606846976',
        term: 7,
        cluster_id: 'id-1',
        vault_version: '1.21.0',
      },
      delivered: [{ destination: 'aws', location: `memory://aws/${KEY}`, key: KEY, size: archive.length, ms: 0 }],
      missed: [],
      pruned: [],
    });
  });

  it('writes the manifest last, with all that was proved', async () => {
    const scene = await aScene();
    const [aws] = await stores('aws');
    scene.vault.archive = BIG;
    await round(scene, [destinationOf(aws!, { schedule: 'aws' })]);
    const writes = aws!.steps.filter((step) => /^(open|commit) /.test(step));
    const manifest = KEY.replace('/', '/manifests/').concat('.json');
    expect(writes).toEqual([`open ${KEY}`, `commit ${KEY}`, `open ${manifest}`, `commit ${manifest}`]);
    expect(manifestAt(aws!, KEY)).toEqual({
      format: 1,
      key: KEY,
      object_version: 'v1',
      cluster_id: 'id-1',
      cluster_name: 'prod',
      product: 'vault',
      server_version: '1.21.0',
      node: 'vault-0',
      round_id: 'round-1',
      schedule: 'aws',
      taken_at: '2026-03-01T12:00:00.000Z',
      finished_at: '2026-03-01T12:00:00.000Z',
      agent_version: '0.1.0',
      // Of the archive, not of the server.
      seal_type: 'shamir',
      seal_shares: 1,
      seal_threshold: 1,
      recovery_seal: false,
      seal_fingerprint: sha256(Buffer.from('the unseal keys, wrapped')),
      key_era: '2026-03-01T12:00:00.000Z',
      raft_index: 42,
      raft_term: 3,
      raft_servers: [{ id: 'node1', voter: true }],
      entries: 10,
      state_bytes: expect.any(Number),
      archive_bytes: BIG.length,
      archive_sha256: sha256(BIG),
      stored_bytes: BIG.length,
      stored_sha256: sha256(BIG),
      read_back: true,
      encryption: null,
      canary: null,
      canary_error: null,
      previous: null,
      suspicious: [],
      notes: [],
    });
  });

  it('chains each manifest to the one before it', async () => {
    const scene = await aScene();
    const [aws] = await stores('aws');
    const destination = destinationOf(aws!);
    await round(scene, [destination]);
    scene.clock.jump(3_600_000);
    scene.vault.archive = buildArchive({ index: 50n });
    await round(scene, [destination]);
    const [, second = ''] = visible(aws!);
    expect(manifestAt(aws!, second)?.previous).toEqual({ key: KEY, sha256: sha256(buildArchive()), raft_index: 42 });
  });

  it('names the snapshot by its first byte, as the template says', async () => {
    const scene = await aScene({ nameTemplate: parseNameTemplate('{cluster}-{host}-{index}-{time}.snap') });
    const [aws] = await stores('aws');
    scene.vault.onCall = (call) => {
      if (call === 'chunk') scene.clock.jump(1000);
      if (call === 'openSnapshot') scene.clock.jump(60_000);
    };
    await round(scene, [destinationOf(aws!)]);
    expect(visible(aws!)).toEqual(['raft_snapshots/prod-vault-0-42-20260301T120100Z.snap']);
  });
});

describe('a round whose Vault refuses', () => {
  it.each([
    { code: 'vault_denied', exitCode: 77, stage: 'auth' },
    { code: 'vault_sealed', exitCode: 69, stage: 'drain' },
    { code: 'vault_standby', exitCode: 69, stage: 'drain' },
  ] as const)('opens nothing anywhere and fails with $code', async ({ code, exitCode, stage }) => {
    const scene = await aScene();
    const [aws] = await stores('aws');
    scene.vault.archive = new SnapshotError(code, 'vault: refused');
    const report = await round(scene, [destinationOf(aws!)]);
    expect(report).toMatchObject({ outcome: 'failed', stage, error: { code } });
    expect(exitCodeOf(report)).toBe(exitCode);
    expect(aws!.steps).toEqual([]);
    expect(await leftInState(scene)).toEqual([]);
  });

  it('reads nothing from another cluster than the one pinned', async () => {
    const scene = await aScene({ clusterId: 'id-2' });
    const report = await round(scene, [destinationOf(new MemoryStorage())]);
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'cluster_mismatch', message: expect.stringContaining('id-1') } });
    expect(scene.vault.calls).toEqual(['describe']);
  });
});

const BROKEN: readonly { readonly what: string; readonly options: ArchiveOptions }[] = [
  { what: 'nothing at all', options: { after: () => Buffer.alloc(0) } },
  { what: 'a page of HTML', options: { after: () => Buffer.from('<html>welcome to the proxy</html>') } },
  { what: 'cut in the middle', options: { padStateTo: 300_000, after: (gzip) => gzip.subarray(0, gzip.length / 2) } },
  { what: 'cut before its last byte', options: { padStateTo: 300_000, after: (gzip) => gzip.subarray(0, -1) } },
  { what: 'a byte too long', options: { padStateTo: 300_000, after: (gzip) => Buffer.concat([gzip, Buffer.alloc(1)]) } },
  { what: 'one bit turned', options: { padStateTo: 300_000, after: (gzip) => withBitTurned(gzip, 200_000) } },
  { what: 'a wrong sum', options: { padStateTo: 300_000, sumsText: `${'0'.repeat(64)}  state.bin\n${'0'.repeat(64)}  meta.json\n` } },
  { what: 'an empty seal', options: { padStateTo: 300_000, sealed: Buffer.alloc(0) } },
  { what: 'without its last member', options: { padStateTo: 300_000, members: (whole) => whole.slice(0, 3) } },
  { what: 'without meta.json', options: { members: (whole) => whole.slice(1) } },
  { what: 'a state of another size', options: { padStateTo: 300_000, metaSize: 1 } },
];

function withBitTurned(bytes: Buffer, at: number): Buffer {
  const turned = Buffer.from(bytes);
  turned.writeUInt8(turned.readUInt8(at) ^ 4, at);
  return turned;
}

describe('a round with a broken archive', () => {
  it.each(BROKEN)('leaves nothing anywhere: $what', async ({ options }) => {
    const scene = await aScene();
    const clouds = await stores('aws', 'gcp');
    scene.vault.archive = buildArchive(options);
    const report = await round(
      scene,
      clouds.map((storage) => destinationOf(storage)),
    );
    expect(report).toMatchObject({ outcome: 'failed', stage: 'verify', error: { code: 'archive_corrupt' }, missed: [] });
    expect(exitCodeOf(report)).toBe(65);
    for (const { objects, pending } of clouds) expect([...objects.keys(), ...pending]).toEqual([]);
    expect(await leftInState(scene)).toEqual([]);
    expect(scene.vault.openArchives).toBe(0);
    expect(scene.log.of('destination_missed')).toEqual([]);
  });

  it.each([
    { code: 'vault_cut', exitCode: 69 },
    { code: 'vault_stalled', exitCode: 69 },
    { code: 'vault_bad_answer', exitCode: 69 },
  ] as const)('leaves nothing anywhere when Vault ends it early: $code', async ({ code, exitCode }) => {
    const scene = await aScene();
    const [aws] = await stores('aws');
    scene.vault.archive = BIG;
    scene.vault.spoiled = { afterBytes: 200_000, by: new SnapshotError(code, 'vault: cut') };
    const report = await round(scene, [destinationOf(aws!)]);
    expect(report).toMatchObject({ outcome: 'failed', stage: 'drain', error: { code } });
    expect(exitCodeOf(report)).toBe(exitCode);
    expect([...aws!.objects.keys(), ...aws!.pending]).toEqual([]);
    expect(scene.vault.openArchives).toBe(0);
  });

  it('does not publish one older than what the leader had applied', async () => {
    const scene = await aScene();
    const [aws] = await stores('aws');
    scene.vault.archive = buildArchive({ index: 39n });
    const report = await round(scene, [destinationOf(aws!)]);
    expect(report).toMatchObject({ outcome: 'failed', stage: 'verify', error: { code: 'archive_stale' } });
    expect(exitCodeOf(report)).toBe(65);
    expect([...aws!.objects.keys(), ...aws!.pending]).toEqual([]);
  });
});

describe('a round during which Vault changes', () => {
  it.each([
    { what: 'another node leads', after: STANDBY, note: 'no longer the leader after the read: another node leads' },
    { what: 'Vault is sealed', after: new SnapshotError('vault_sealed', 'vault: sealed'), note: 'not known who leads after the read: vault: sealed' },
    { what: 'Vault is silent', after: 'hang', note: 'not known who leads after the read: vault: no answer within 5s' },
  ] as const)('publishes the proved archive and notes it: $what', async ({ after, note }) => {
    const scene = await aScene();
    const [aws] = await stores('aws');
    scene.vault.leaderships = [after];
    expect(await round(scene, [destinationOf(aws!)])).toMatchObject({ outcome: 'taken' });
    expect(manifestAt(aws!, KEY)?.notes).toEqual([note]);
  });

  it('asks for nothing else once the read has begun', async () => {
    const scene = await aScene();
    scene.vault.facts = { ...SOME_FACTS, product: 'openbao', version: '2.5.0' };
    await round(scene, [destinationOf(new MemoryStorage())]);
    expect(scene.vault.calls).toEqual(['describe', 'openSnapshot', 'leadership']);
  });
});
