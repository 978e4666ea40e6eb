import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ARCHIVE_CHECKS } from '../../../src/snapshot/archive-checks.ts';
import { exactNumber, makeManifest, parseManifest, renderManifest } from '../../../src/snapshot/manifest.ts';
import { SOME_INPUT, SOME_PROOF, someManifest } from './some-manifest.ts';

describe('a manifest', () => {
  it('tells what was proved, of which cluster, by whom', () => {
    expect(makeManifest(SOME_INPUT)).toEqual({
      format: 1,
      object_version: null,
      key: 'raft_snapshots/raft_snapshot-1767323045678000000.snap',
      cluster_id: 'id-1',
      cluster_name: 'prod',
      product: 'vault',
      server_version: '1.21.0',
      node: 'vault-1',
      round_id: 'round-1',
      schedule: 'default',
      taken_at: '2026-01-02T03:04:05.678Z',
      finished_at: '2026-01-02T03:04:09.000Z',
      agent_version: '0.1.0',
      seal_type: 'shamir',
      seal_shares: 5,
      seal_threshold: 3,
      recovery_seal: false,
      seal_fingerprint: 'cd'.repeat(32),
      key_era: '2026-01-02T03:04:05.678Z',
      raft_index: 42,
      raft_term: 3,
      raft_servers: [{ id: 'n1', voter: true }],
      entries: 9,
      state_bytes: 900,
      archive_bytes: 1000,
      archive_sha256: 'ab'.repeat(32),
      stored_bytes: 1000,
      stored_sha256: 'ab'.repeat(32),
      read_back: true,
      encryption: null,
      canary: null,
      canary_error: null,
      previous: null,
      suspicious: [],
      notes: [],
    });
  });

  it('takes the seal from the server where the archive does not show it', () => {
    const manifest = makeManifest({ ...SOME_INPUT, proof: { ...SOME_PROOF, seal: undefined, sealFingerprint: undefined } });
    expect(manifest).toMatchObject({ seal_type: 'awskms', seal_shares: 1, seal_threshold: 1, seal_fingerprint: null });
  });

  it('names the snapshot before it', () => {
    const previous = someManifest({ key: 'a/older.snap', archive_sha256: 'ef'.repeat(32), raft_index: '9007199254740993' });
    expect(makeManifest({ ...SOME_INPUT, previous }).previous).toEqual({ key: 'a/older.snap', sha256: 'ef'.repeat(32), raft_index: '9007199254740993' });
  });

  it('is read as it was written', () => {
    const manifest = someManifest({ notes: ['vault: sealed after the read'], suspicious: ['keys out of order'] });
    expect(parseManifest(renderManifest(manifest))).toEqual(manifest);
  });

  it.each([
    [2n ** 53n - 1n, 9007199254740991],
    [2n ** 53n, '9007199254740992'],
    [2n ** 64n - 1n, '18446744073709551615'],
  ])('holds the index %s without losing any of it', (index, shown) => {
    expect(exactNumber(index)).toBe(shown);
  });

  it('may have fields of a later version', () => {
    expect(parseManifest(JSON.stringify({ ...someManifest(), tenant: 'a', canary: { value: 1 } }))).toMatchObject({ key: SOME_INPUT.key });
  });

  it.each([
    ['format', 2],
    ['format', '1'],
    ['key', '../etc/passwd'],
    ['key', 7],
    ['cluster_id', ''],
    ['taken_at', 'yesterday'],
    ['taken_at', '2026-01-02T03:04:05+01:00'],
    ['raft_index', -1],
    ['raft_index', 1.5],
    ['raft_index', '1e9'],
    ['archive_bytes', '1000'],
    ['archive_sha256', 'AB'.repeat(32)],
    ['stored_bytes', null],
    ['stored_sha256', ''],
    ['suspicious', 'none'],
    ['suspicious', [1]],
  ])('with %s %j is refused, by name', (field, value) => {
    const text = JSON.stringify({ ...someManifest(), [field]: value });
    expect(() => parseManifest(text)).toThrow(
      expect.objectContaining({ code: 'storage_mismatch', message: expect.stringContaining(`manifest: ${field} must be`) }),
    );
  });

  it.each(['', '{', 'null', '[]', '"text"', renderManifest(someManifest()).slice(0, -3)])('that is %j is refused', (text) => {
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: 'storage_mismatch' }));
  });

  it('has its fields in docs/manifest.md, all of them, in order', async () => {
    const page = await readPage();
    const documented = [...page.matchAll(/^\| `([a-z_0-9]+)` \|/gm)].map(([, field]) => field);
    expect(documented).toEqual(Object.keys(someManifest()));
  });

  it('is explained in docs/manifest.md by every check an archive has passed', async () => {
    const page = await readPage();
    for (const [check, promise] of Object.entries(ARCHIVE_CHECKS)) expect(page).toContain(`| \`${check}\` | ${promise} |`);
  });
});

function readPage(): Promise<string> {
  return readFile(new URL('../../../docs/manifest.md', import.meta.url), 'utf8');
}
