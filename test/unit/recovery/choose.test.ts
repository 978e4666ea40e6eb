import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { type Candidate, findFault, isMeant, rank, SAFETY_SCHEDULE, type Wish } from '../../../src/recovery/choose.ts';
import type { Manifest } from '../../../src/snapshot/manifest.ts';
import { objectKey } from '../../../src/storage/key.ts';
import { someManifest } from '../snapshot/some-manifest.ts';

const LATEST: Wish = { kind: 'latest' };
const UNREADABLE = new SnapshotError('storage_mismatch', 'manifest: not JSON');

interface Told extends Partial<Manifest> {
  readonly at?: string;
  readonly destination?: string;
  readonly size?: number | undefined;
}

function candidate(name: string, { at = '2026-01-02T03:04:05Z', destination = 'local', ...told }: Told = {}): Candidate {
  const { size, ...changes } = told;
  const manifest = someManifest({ taken_at: at, ...changes });
  return { destination, key: objectKey(name), takenAt: new Date(at), size: 'size' in told ? size : manifest.stored_bytes, manifest };
}

const WITHOUT: Candidate = { destination: 'local', key: objectKey('old.snap'), takenAt: undefined, size: 9, manifest: undefined };
const BROKEN: Candidate = { ...WITHOUT, takenAt: new Date('2026-01-03T00:00:00Z'), manifest: UNREADABLE };

describe('what a wish can mean', () => {
  it.each<{ what: string; one: Candidate; wish: Wish; clusterId?: string; meant: boolean }>([
    { what: 'latest: of the cluster', one: candidate('a.snap'), wish: LATEST, clusterId: 'id-1', meant: true },
    { what: 'latest: of another', one: candidate('a.snap'), wish: LATEST, clusterId: 'id-2', meant: false },
    { what: 'latest: whoever it is of, if nobody has said', one: candidate('a.snap'), wish: LATEST, meant: true },
    { what: 'latest: never one without a manifest', one: WITHOUT, wish: LATEST, meant: false },
    { what: 'latest: one whose manifest nobody can read', one: BROKEN, wish: LATEST, clusterId: 'id-1', meant: true },
    { what: 'latest: never the way back of an earlier restore', one: candidate('a.snap', { schedule: SAFETY_SCHEDULE }), wish: LATEST, meant: false },
    { what: 'before: an older one', one: candidate('a.snap'), wish: { kind: 'before', at: new Date('2026-01-02T03:04:06Z') }, meant: true },
    { what: 'before: not one of that very second', one: candidate('a.snap'), wish: { kind: 'before', at: new Date('2026-01-02T03:04:05Z') }, meant: false },
    { what: 'before: not an unreadable one from after', one: BROKEN, wish: { kind: 'before', at: new Date('2026-01-02T00:00:00Z') }, meant: false },
    { what: 'by name: one without a manifest', one: WITHOUT, wish: { kind: 'name', name: 'old.snap' }, clusterId: 'id-1', meant: true },
    { what: 'by name: the way back', one: candidate('a.snap', { schedule: SAFETY_SCHEDULE }), wish: { kind: 'name', name: 'a.snap' }, meant: true },
  ])('$what: $meant', ({ one, wish, clusterId, meant }) => {
    expect(isMeant(one, { wish, clusterId })).toBe(meant);
  });
});

describe('the order of candidates', () => {
  const order = (candidates: readonly Candidate[]) =>
    rank(candidates, { wish: LATEST, clusterId: 'id-1' }).map(({ destination, key }) => `${destination} ${key}`);

  it('goes by the time of the manifest, never by name or index', () => {
    const older = candidate('z.snap', { at: '2026-01-01T00:00:00Z', raft_index: 999 });
    expect(order([older, candidate('a.snap', { raft_index: 1 })])).toEqual(['local a.snap', 'local z.snap']);
  });

  it('has of each snapshot the copy that is sound', () => {
    const gone = candidate('a.snap', { size: undefined });
    expect(order([gone, candidate('p/a.snap', { destination: 'aws' })])).toEqual(['aws p/a.snap']);
  });

  it('makes no room for an older one where the newest is bad', () => {
    const older = candidate('b.snap', { at: '2026-01-01T00:00:00Z' });
    expect(order([older, candidate('a.snap', { size: 3 })])).toEqual(['local a.snap', 'local b.snap']);
    expect(order([older, BROKEN])).toEqual(['local old.snap', 'local b.snap']);
  });
});

describe('what is wrong with a candidate', () => {
  it.each<{ what: string; one: Candidate; wish?: Wish; code: string | undefined }>([
    { what: 'a whole one', one: candidate('a.snap'), code: undefined },
    { what: 'one that is not there', one: candidate('a.snap', { size: undefined }), code: 'not_found' },
    { what: 'one of another size', one: candidate('a.snap', { size: 999 }), code: 'archive_corrupt' },
    { what: 'one of another cluster', one: candidate('a.snap', { cluster_id: 'id-2' }), code: 'cluster_mismatch' },
    { what: 'a manifest nobody can read', one: BROKEN, code: 'storage_mismatch' },
    { what: 'a suspicious one', one: candidate('a.snap', { suspicious: ['keys out of order'] }), code: 'refused' },
    { what: 'a suspicious one by name', one: candidate('a.snap', { suspicious: ['odd'] }), wish: { kind: 'name', name: 'a.snap' }, code: undefined },
    { what: 'one without a manifest by name', one: WITHOUT, wish: { kind: 'name', name: 'old.snap' }, code: undefined },
  ])('$what: $code', ({ one, wish = LATEST, code }) => {
    expect(findFault(one, { wish, clusterId: 'id-1' })?.code).toBe(code);
  });
});
