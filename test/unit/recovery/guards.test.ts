import { describe, expect, it } from 'vitest';
import { isOlder, type Judged, judge, needsForce } from '../../../src/recovery/guards.ts';
import { FORCE_PATH, SNAPSHOT_PATH, type TargetFacts } from '../../../src/recovery/target-facts.ts';
import { SOME_INPUT, SOME_PROOF, someManifest } from '../snapshot/some-manifest.ts';

const server = (id: string, isLeader = false) => ({ id, address: `${id}:8201`, isLeader, isVoter: true });
const healthy = (id: string, isHealthy = true) => ({ id, isHealthy, lastIndex: 50n });

const TARGET: TargetFacts = {
  address: 'http://n1:8200',
  status: {
    isInitialized: true,
    isSealed: false,
    type: 'shamir',
    shares: 5,
    threshold: 3,
    progress: 0,
    version: '1.21.0',
    hasRecoverySeal: false,
    clusterId: 'id-1',
    isRemoved: false,
  },
  cluster: SOME_INPUT.facts,
  appliedIndex: 50n,
  servers: [server('n1', true)],
  health: undefined,
  capabilities: new Map([
    [SNAPSHOT_PATH, ['read', 'update']],
    [FORCE_PATH, []],
  ]),
};

const FACTS: Judged = {
  snapshot: { proof: SOME_PROOF, manifest: someManifest({ seal_type: 'shamir' }), takenAt: new Date('2026-01-02T03:00:00Z'), clusterId: 'id-1' },
  target: TARGET,
  flags: { loseMs: undefined, isForced: false, isForeign: false, safety: 'destination' },
  fingerprint: 'cd'.repeat(32),
  now: new Date('2026-01-02T04:00:00Z'),
};

const OTHER = { ...TARGET, cluster: { ...TARGET.cluster, clusterId: 'id-2' }, capabilities: new Map([[FORCE_PATH, ['update']]]) };
const FOREIGN = { ...FACTS.flags, isForeign: true, safety: 'none' as const };
const manifest = (changes: Parameters<typeof someManifest>[0]) => ({ ...FACTS.snapshot, manifest: someManifest({ seal_type: 'shamir', ...changes }) });

describe('the guards of a restore', () => {
  it.each<{ what: string; facts?: Partial<Judged>; refused: readonly string[] }>([
    { what: 'the same cluster, an hour ago', refused: [] },
    { what: 'nobody tells of which cluster', facts: { snapshot: { ...FACTS.snapshot, manifest: undefined, clusterId: undefined } }, refused: ['whose'] },
    { what: 'the operator tells of which cluster', facts: { snapshot: { ...FACTS.snapshot, manifest: undefined } }, refused: [] },
    { what: 'another cluster', facts: { target: OTHER, flags: { ...FOREIGN, isForeign: false } }, refused: ['cluster'] },
    { what: 'another cluster, as said, of a known node', facts: { target: OTHER, flags: FOREIGN }, refused: [] },
    { what: 'another cluster, of an unknown node', facts: { target: { ...OTHER, servers: [server('x', true)] }, flags: FOREIGN }, refused: ['cluster'] },
    {
      what: 'another cluster of three, whatever is said',
      facts: {
        target: { ...OTHER, servers: [server('n1', true), server('n2'), server('n3')], health: [healthy('n1'), healthy('n2'), healthy('n3')] },
        flags: { ...FOREIGN, isForced: true },
      },
      refused: ['cluster'],
    },
    { what: 'another cluster, and the way back has no place', facts: { target: OTHER, flags: { ...FOREIGN, safety: 'destination' } }, refused: ['way back'] },
    { what: 'an older server', facts: { snapshot: manifest({ server_version: '1.21.1' }) }, refused: ['version'] },
    { what: 'another product', facts: { snapshot: manifest({ product: 'openbao' }) }, refused: ['product'] },
    { what: 'another seal', facts: { snapshot: manifest({ seal_type: 'awskms' }) }, refused: ['seal type'] },
    { what: 'rekeyed since', facts: { fingerprint: 'ee'.repeat(32) }, refused: ['unseal keys'] },
    {
      what: 'rekeyed since, forced, without the right',
      facts: { fingerprint: 'ee'.repeat(32), flags: { ...FACTS.flags, isForced: true } },
      refused: ['policy'],
    },
    { what: 'keys that nobody knows', facts: { fingerprint: undefined }, refused: [] },
    { what: 'exactly as old as may be', facts: { now: new Date('2026-01-03T03:00:00Z') }, refused: [] },
    { what: 'older by a millisecond', facts: { now: new Date('2026-01-03T03:00:00.001Z') }, refused: ['age'] },
    { what: 'of an unknown time', facts: { snapshot: { ...FACTS.snapshot, takenAt: undefined } }, refused: ['age'] },
    {
      what: 'of an unknown time, and the operator tells how much may be lost',
      facts: { snapshot: { ...FACTS.snapshot, takenAt: undefined }, flags: { ...FACTS.flags, loseMs: 1 } },
      refused: [],
    },
    { what: 'older than the operator allows', facts: { flags: { ...FACTS.flags, loseMs: 3_599_999 } }, refused: ['age'] },
    {
      what: 'a server that is not well',
      facts: { target: { ...TARGET, servers: [server('n1', true), server('n2')], health: [healthy('n1'), healthy('n2', false)] } },
      refused: ['health'],
    },
    {
      what: 'a server that nobody tells of',
      facts: { target: { ...TARGET, servers: [server('n1', true), server('n2')], health: [healthy('n1')] } },
      refused: ['health'],
    },
    { what: 'servers whose health nobody tells', facts: { target: { ...TARGET, servers: [server('n1', true), server('n2')] } }, refused: ['health'] },
    { what: 'no right to update', facts: { target: { ...TARGET, capabilities: new Map([[SNAPSHOT_PATH, ['read']]]) } }, refused: ['policy'] },
    { what: 'root', facts: { target: { ...TARGET, capabilities: new Map([[SNAPSHOT_PATH, ['root']]]) } }, refused: [] },
  ])('refuse $refused for $what', ({ facts, refused }) => {
    const guards = judge({ ...FACTS, ...facts });
    expect(guards.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(refused);
    for (const { ok, advice } of guards) expect(advice === '').toBe(ok);
  });

  it.each([
    { now: '2026-01-02T03:00:00.000Z', says: '0 min of work will be lost' },
    { now: '2026-01-02T02:00:00.000Z', says: '0 min of work will be lost' },
    { now: '2026-01-02T03:00:20.000Z', says: '1 min of work will be lost' },
    { now: '2026-01-02T03:59:00.000Z', says: '59 min of work will be lost' },
    { now: '2026-01-02T04:00:01.000Z', says: '1.1 h of work will be lost' },
    { now: '2026-01-03T03:10:00.000Z', says: '24.2 h of work would be lost, at most 24 h may be' },
  ])('tell at $now how much is lost, never less than it is', ({ now, says }) => {
    expect(judge({ ...FACTS, now: new Date(now) }).find(({ name }) => name === 'age')?.detail).toBe(says);
  });

  it('send by force only what is forced or of another cluster', () => {
    expect(needsForce(FACTS)).toBe(false);
    expect(needsForce({ ...FACTS, flags: { ...FACTS.flags, isForced: true } })).toBe(true);
    expect(needsForce({ ...FACTS, target: OTHER })).toBe(true);
  });
});

describe('the age of a version', () => {
  it.each([
    { one: '1.9.9', other: '1.10.0', older: true },
    { one: '1.21.0', other: '1.21.0', older: false },
    { one: '2.0.0', other: '1.99.9', older: false },
    { one: '1.20.5+ent.hsm', other: '1.21.0', older: true },
    { one: '1.21.0', other: '1.21.0+ent', older: false },
    { one: '', other: '1.21.0', older: false },
  ])('$one before $other: $older', ({ one, other, older }) => {
    expect(isOlder(one, other)).toBe(older);
  });
});
