import type { ErrorCode } from '../errors.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import type { Proof } from '../snapshot/proof.ts';
import { FORCE_PATH, SNAPSHOT_PATH, type TargetFacts } from './target-facts.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The snapshot as its archive and, where there is one, its manifest tell of it. */
export interface SnapshotFacts {
  readonly proof: Proof;
  readonly manifest: Manifest | undefined;
  readonly takenAt: Date | undefined;
  /** Of the manifest, or as the operator says. */
  readonly clusterId: string | undefined;
}

/** What the operator has said about the risks. */
export interface RestoreFlags {
  /** The most time of work that may be lost; undefined: a day, if anybody can tell. */
  readonly loseMs: number | undefined;
  readonly isForced: boolean;
  readonly isForeign: boolean;
  readonly safety: 'none' | 'destination' | 'path';
}

/** One thing that must be right before anything is sent. */
export interface Guard {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it; empty where it is right. */
  readonly advice: string;
  readonly code: Extract<ErrorCode, 'refused' | 'cluster_mismatch' | 'server_too_old' | 'vault_denied'>;
}

export interface Judged {
  readonly snapshot: SnapshotFacts;
  readonly target: TargetFacts;
  readonly flags: RestoreFlags;
  /** Of the target's own unseal keys, as its newest snapshot has it. */
  readonly fingerprint: string | undefined;
  readonly now: Date;
}

type Verdict = readonly [ok: boolean, detail: string, advice?: string, code?: Guard['code']];

/** Every guard with its verdict, in the order an operator would ask. */
export function judge(facts: Judged): readonly Guard[] {
  const guards: readonly (readonly [string, (facts: Judged) => Verdict])[] = [
    ['whose', whose],
    ['cluster', cluster],
    ['product', product],
    ['version', version],
    ['seal type', sealType],
    ['unseal keys', unsealKeys],
    ['age', age],
    ['health', health],
    ['policy', policy],
    ['way back', wayBack],
  ];
  return guards.map(([name, guard]) => {
    const [ok, detail, advice = '', code = 'refused'] = guard(facts);
    return { name, ok, detail, advice: ok ? '' : advice, code };
  });
}

/** Whether the target is another cluster than the snapshot. */
export function isForeign({ clusterId }: SnapshotFacts, { cluster: { clusterId: own } }: TargetFacts): boolean {
  return clusterId !== undefined && clusterId !== own;
}

/** Whether the archive must go where other unseal keys are let pass. */
export function needsForce({ snapshot, target, flags }: Pick<Judged, 'snapshot' | 'target' | 'flags'>): boolean {
  return flags.isForced || isForeign(snapshot, target);
}

/** Whether the same cluster has other unseal keys than it had; false where nobody can tell. */
export function isRekeyed({ snapshot, target, fingerprint }: Pick<Judged, 'snapshot' | 'target' | 'fingerprint'>): boolean {
  const then = snapshot.proof.sealFingerprint;
  return !isForeign(snapshot, target) && then !== undefined && fingerprint !== undefined && then !== fingerprint;
}

function whose({ snapshot }: Judged): Verdict {
  if (snapshot.clusterId !== undefined) return [true, `of the cluster ${snapshot.clusterId}`];
  return [false, 'it has no manifest: nobody tells of which cluster it is', 'if you know it, say so with --cluster-id'];
}

function cluster({ snapshot, target, flags }: Judged): Verdict {
  const own = target.cluster.clusterId;
  if (!isForeign(snapshot, target)) return [true, 'the same'];
  const ids = `the snapshot is of ${snapshot.clusterId}, the target is ${own}`;
  if (target.servers.length > 1) {
    const advice = 'restore into one empty server, unseal it with the shares of the snapshot, and let the others join it: a cluster would be lost';
    return [false, `${ids}, a cluster of ${target.servers.length} servers`, advice, 'cluster_mismatch'];
  }
  if (!flags.isForeign) return [false, ids, 'if everything in the target may be replaced by another cluster, say --foreign', 'cluster_mismatch'];
  const known = snapshot.proof.meta.servers.map(({ id }) => id);
  const nodeId = target.servers[0]?.id ?? '';
  if (known.includes(nodeId) || (snapshot.manifest?.product === 'openbao' && target.cluster.product === 'openbao')) return [true, `${ids}, as you say`];
  const advice = `set "node_id" of the target to one of ${known.join(', ')}: under any other it would find itself removed from its cluster, and seal itself`;
  return [false, `the node_id ${nodeId} of the target is not one of the snapshot`, advice];
}

function product({ snapshot: { manifest }, target }: Judged): Verdict {
  if (manifest === undefined || manifest.product === target.cluster.product) return [true, target.cluster.product];
  return [false, `the snapshot is of ${manifest.product}, the target is ${target.cluster.product}`, 'restore into the same product', 'server_too_old'];
}

function version({ snapshot: { manifest }, target }: Judged): Verdict {
  const own = target.cluster.version;
  if (manifest === undefined) return [true, `${own}; nobody tells that of the snapshot`];
  if (!isOlder(own, manifest.server_version)) return [true, `${own}, not older than ${manifest.server_version}`];
  return [false, `the target is ${own}, the snapshot is of ${manifest.server_version}`, 'upgrade the target first', 'server_too_old'];
}

/** By the numbers; what stands behind them, as `+ent`, tells no age. What cannot be read is not older. */
export function isOlder(one: string, other: string): boolean {
  const numbers = (text: string) => /^v?(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
  const [ours, theirs] = [numbers(one), numbers(other)];
  if (!ours || !theirs) return false;
  const at = ours.findIndex((number, index) => number !== theirs[index]);
  return at >= 0 && (ours[at] ?? 0) < (theirs[at] ?? 0);
}

function sealType({ snapshot: { manifest, proof }, target }: Judged): Verdict {
  const wanted = manifest?.seal_type ?? proof.seal?.type;
  const own = target.status.type;
  if (wanted === undefined || wanted === own) return [true, own];
  return [false, `the snapshot is sealed with ${wanted}, the target with ${own}`, `give the target the seal of the snapshot: ${wanted}`];
}

function unsealKeys(facts: Judged): Verdict {
  const { snapshot, target, flags, fingerprint } = facts;
  if (isForeign(snapshot, target)) return [true, 'those of the other cluster'];
  if (isRekeyed(facts)) {
    const detail = 'the target was rekeyed since the snapshot: after the next restart it opens with the shares of before only';
    return [flags.isForced, detail, 'if you have the shares of before, say --force'];
  }
  return [true, fingerprint === undefined || snapshot.proof.sealFingerprint === undefined ? 'not known; the server will tell' : 'the same'];
}

function age({ snapshot: { takenAt }, flags, now }: Judged): Verdict {
  if (takenAt === undefined) {
    const advice = 'take one that has a manifest; or, if you know how old it is, say with --lose how much work may be lost';
    return [flags.loseMs !== undefined, 'nobody tells when it was taken, and how much work would be lost', advice];
  }
  const { loseMs = DAY_MS } = flags;
  const lost = Math.max(0, now.getTime() - takenAt.getTime());
  if (lost <= loseMs) return [true, `${spanOf(lost)} of work will be lost`];
  return [false, `${spanOf(lost)} of work would be lost, at most ${spanOf(loseMs)} may be`, 'if it may be lost, say how much with --lose'];
}

/** Rounded up: no loss is shown as none. */
function spanOf(ms: number): string {
  return ms < HOUR_MS ? `${Math.ceil(ms / 60_000)} min` : `${Math.ceil(ms / 360_000) / 10} h`;
}

function health({ target }: Judged): Verdict {
  const { servers, health: told } = target;
  if (servers.length === 1) return [true, 'one server'];
  if (told === undefined) {
    return [false, 'nobody tells whether the other servers are well', 'the token needs: path "sys/storage/raft/autopilot/state" { capabilities = ["read"] }'];
  }
  const well = servers.filter(({ id }) => told.some((one) => one.id === id && one.isHealthy));
  const sick = servers.filter((server) => !well.includes(server)).map(({ id }) => id);
  if (sick.length === 0) return [true, `${servers.length} of ${servers.length} servers are well`];
  const advice = 'bring them back or take them out of the cluster first: "vault operator raft remove-peer"';
  return [false, `${well.length} of ${servers.length} servers are well; ${sick.join(', ')} not`, advice];
}

function policy(facts: Judged): Verdict {
  const path = needsForce(facts) ? FORCE_PATH : SNAPSHOT_PATH;
  const granted = facts.target.capabilities.get(path) ?? [];
  if (granted.includes('update') || granted.includes('root')) return [true, `may update ${path}`];
  return [false, `the token may not update ${path}`, `grant it: path "${path}" { capabilities = ["read", "update"] }`];
}

function wayBack({ snapshot, target, flags }: Judged): Verdict {
  if (flags.safety === 'none') return [true, 'none, as you say'];
  if (flags.safety === 'path' || !isForeign(snapshot, target)) return [true, 'a snapshot of the target is taken first'];
  const advice = 'say where with --safety PATH, or --no-safety-snapshot: among the snapshots of another cluster it would stop all pruning';
  return [false, 'the safety snapshot of the target has no place', advice];
}
