import { isForeign, type SnapshotFacts } from './guards.ts';
import type { Applied } from './poll.ts';
import type { TargetFacts } from './target-facts.ts';

interface Restored {
  readonly snapshot: SnapshotFacts;
  readonly target: TargetFacts;
  readonly applied: Applied;
  /** The target had other unseal keys than the snapshot. */
  readonly hasOtherKeys: boolean;
  readonly safety: string | undefined;
}

/** What a restore leaves for people to do. */
export function nextSteps({ snapshot, target, applied, hasOtherKeys, safety }: Restored): readonly string[] {
  const { takenAt, manifest, proof } = snapshot;
  const when = takenAt?.toISOString() ?? 'the snapshot was taken';
  const keys = keysOf(snapshot);
  const steps: string[] = [];
  if (applied.outcome === 'sealed') {
    steps.push(`unseal ${target.address} with ${keys}`);
    const isCountedOtherwise = manifest !== undefined && applied.status.threshold !== manifest.seal_threshold;
    if (isCountedOtherwise) steps.push('restart it before you unseal it: until then it counts with the number of shares it was initialised with');
  }
  if (hasOtherKeys)
    steps.push(`keep the shares of before the rekey: from the next restart on, every server opens with ${keys} only; rekey again when all is well`);
  if (isForeign(snapshot, target)) {
    steps.push('join the other servers, empty ones, to this one; those of the old cluster must never meet it');
    if (proof.meta.servers.length > 1) steps.push(`the snapshot was of ${proof.meta.servers.length} servers: this one is alone until others join`);
  }
  steps.push(`tokens and leases made after ${when} are gone: services log in again, and dynamic credentials handed out since have to be revoked by hand`);
  steps.push(`leases that ended since ${when} are being revoked now: look at the databases and clouds behind them`);
  steps.push(`secrets, policies, roles and mounts changed after ${when} are as they were then: repeat what is still wanted`);
  steps.push('send the daemon on the leader SIGUSR1: it takes a snapshot of the restored state now, and not only when its next one is due');
  if (safety !== undefined) steps.push(`the state from before this restore is kept as ${safety}: restore it the same way to go back`);
  return steps;
}

function keysOf({ manifest, proof }: SnapshotFacts): string {
  const threshold = manifest?.seal_threshold ?? proof.seal?.threshold;
  const shares = manifest?.seal_shares ?? proof.seal?.shares;
  const count = threshold === undefined ? 'the shares' : `${threshold} of ${shares} shares`;
  return proof.sealFingerprint === undefined ? count : `${count} of the fingerprint ${proof.sealFingerprint.slice(0, 12)}`;
}
