import { type Manifest, makeManifest } from '../../../src/snapshot/manifest.ts';
import type { Proof } from '../../../src/snapshot/proof.ts';
import { objectKey } from '../../../src/storage/key.ts';

export const SOME_PROOF: Proof = {
  bytes: 1000,
  sha256: 'ab'.repeat(32),
  meta: { index: 42n, term: 3n, stateBytes: 900, servers: [{ id: 'n1', voter: true }] },
  stateBytes: 900,
  entries: 9,
  seal: { type: 'shamir', shares: 5, threshold: 3 },
  sealFingerprint: 'cd'.repeat(32),
  suspicious: [],
};

export const SOME_INPUT = {
  key: objectKey('raft_snapshots/raft_snapshot-1767323045678000000.snap'),
  facts: {
    clusterId: 'id-1',
    clusterName: 'prod',
    product: 'vault',
    version: '1.21.0',
    sealType: 'awskms',
    sealShares: 1,
    sealThreshold: 1,
    hasRecoverySeal: false,
  },
  proof: SOME_PROOF,
  node: 'vault-1',
  roundId: 'round-1',
  schedule: 'default',
  takenAt: new Date('2026-01-02T03:04:05.678Z'),
  finishedAt: new Date('2026-01-02T03:04:09.000Z'),
  agentVersion: '0.1.0',
  previous: undefined,
  canary: null,
  canaryError: null,
  notes: [],
} as const;

export function someManifest(changes: Partial<Manifest> = {}): Manifest {
  return { ...makeManifest(SOME_INPUT), ...changes };
}
