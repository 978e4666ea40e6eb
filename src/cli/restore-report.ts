import { bytesOf } from '../observability/units.ts';
import { type Guard, isForeign, type SnapshotFacts } from '../recovery/guards.ts';
import { type RecoveryReport, renderFailure } from '../recovery/outcome.ts';
import type { RestoreRecord } from '../recovery/restore.ts';
import type { TargetFacts } from '../recovery/target-facts.ts';
import { exactNumber } from '../snapshot/manifest.ts';
import { ageOf, alignColumns, timeOf } from './units.ts';

export interface Plan {
  /** Where the snapshot comes from. */
  readonly source: string;
  readonly snapshot: SnapshotFacts;
  readonly target: TargetFacts;
  readonly guards: readonly Guard[];
  /** Of the unseal keys of the target, as its newest snapshot has it. */
  readonly fingerprint: string | undefined;
  readonly now: Date;
}

const UNKNOWN = '?';
const FINGERPRINT_DIGITS = 12;

/** Both sides, line by line, and what differs; then what the guards say. */
export function renderPlan({ source, snapshot, target, guards, fingerprint, now }: Plan): string {
  const { proof, manifest, takenAt, clusterId } = snapshot;
  const { cluster, status, servers, appliedIndex } = target;
  const ago = takenAt === undefined ? '' : ` (${ageOf(now.getTime() - takenAt.getTime())} ago)`;
  const seal = (type: string | undefined, threshold: number | undefined, shares: number | undefined) =>
    type === undefined ? UNKNOWN : `${type}, ${threshold ?? UNKNOWN} of ${shares ?? UNKNOWN}`;
  const sides: readonly (readonly [string, string, string])[] = [
    ['cluster', manifest?.cluster_name ?? UNKNOWN, cluster.clusterName],
    ['cluster id', clusterId ?? UNKNOWN, cluster.clusterId],
    ['server', manifest ? `${manifest.product} ${manifest.server_version}` : UNKNOWN, `${cluster.product} ${cluster.version}`],
    [
      'seal',
      seal(manifest?.seal_type ?? proof.seal?.type, manifest?.seal_threshold ?? proof.seal?.threshold, manifest?.seal_shares ?? proof.seal?.shares),
      seal(status.type, status.threshold, status.shares),
    ],
    ['unseal keys', short(proof.sealFingerprint), short(fingerprint)],
    ['raft servers', proof.meta.servers.map(({ id }) => id).join(', '), servers.map(({ id }) => id).join(', ')],
  ];
  const rows = [
    ['', 'SNAPSHOT', 'SERVER', ''],
    ...sides.map(([what, one, other]) => [what, one, other, one === other || [one, other].includes(UNKNOWN) ? '' : '<- differs']),
    ['raft index', `${proof.meta.index}`, `${appliedIndex ?? UNKNOWN}`, ''],
    ['taken', takenAt === undefined ? UNKNOWN : `${timeOf(takenAt)}${ago}`, 'now', ''],
    ['entries', `${proof.entries} in ${bytesOf(proof.bytes)}`, '', ''],
  ];
  const overwritten = isForeign(snapshot, target) ? 'another cluster, which will be gone' : 'the same cluster';
  return `restore: ${source} into ${target.address}: ${overwritten}\n\n${alignColumns(rows).join('\n')}\n\n${guards.map(renderGuard).join('')}`;
}

function renderGuard({ name, ok, detail, advice }: Guard): string {
  return ok ? `ok    guard: ${name}: ${detail}\n` : `FAIL  guard: ${name}: ${detail}\n      hint: ${advice}\n`;
}

function short(fingerprint: string | undefined): string {
  return fingerprint === undefined ? UNKNOWN : fingerprint.slice(0, FINGERPRINT_DIGITS);
}

/** How it ended, for people: what was reached, what was left, what is to be done. */
export function renderEnd(report: RecoveryReport, record: RestoreRecord, isDryRun: boolean): string {
  const lines = [...report.warnings.map((warning) => `warning: ${warning}\n`)];
  if (report.error) lines.push(renderFailure(report));
  else if (isDryRun) lines.push('dry run: nothing was touched; without --dry-run it would be sent\n');
  else lines.push(`restored: ${report.snapshot?.key} in ${Math.round(report.duration_seconds)} s, ${proofOf(record)}\n`);
  for (const { name, state } of record.nodes) lines.push(`server ${name}: ${state}\n`);
  if (record.nextSteps.length > 0) lines.push('what is left to do:\n', ...record.nextSteps.map((step) => `  - ${step}\n`));
  for (const left of report.left_behind) lines.push(`left behind: ${left}\n`);
  return lines.join('');
}

function proofOf({ applied }: RestoreRecord): string {
  if (applied?.outcome === 'sealed') return 'unsealed with the shares of the snapshot';
  if (applied?.proof === 'token') return 'proved: what came after the snapshot is gone';
  return applied?.proof === 'cluster_id' ? 'proved: it is the cluster of the snapshot' : 'not proved: it only serves again';
}

export function renderJson(report: RecoveryReport, { before, after, nodes, safety, guards, applied, nextSteps }: RestoreRecord): string {
  const own = {
    target: {
      before: before && {
        address: before.address,
        cluster_id: before.cluster.clusterId,
        cluster_name: before.cluster.clusterName,
        product: before.cluster.product,
        server_version: before.cluster.version,
        seal_type: before.status.type,
        seal_shares: before.status.shares,
        seal_threshold: before.status.threshold,
        raft_index: before.appliedIndex === undefined ? null : exactNumber(before.appliedIndex),
        raft_servers: before.servers.map(({ id, isLeader, isVoter }) => ({ id, leader: isLeader, voter: isVoter })),
      },
      after: after && { cluster_id: after.clusterId ?? null, sealed: after.isSealed, seal_shares: after.shares, seal_threshold: after.threshold },
      nodes,
    },
    safety_snapshot: safety?.place ?? null,
    guards: guards.map(({ name, ok, detail, advice }) => ({ name, ok, detail, advice })),
    proof: applied === undefined ? null : applied.outcome === 'sealed' ? 'sealed' : applied.proof,
    next_steps: nextSteps,
  };
  return `${JSON.stringify({ ...report, ...own })}\n`;
}
