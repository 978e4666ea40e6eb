import type { ClusterStatus, Status } from '../observability/status.ts';
import { bytesOf, durationOf } from '../observability/units.ts';
import { alignColumns, timeOf } from './units.ts';

const HEAD = ['DESTINATION', 'STATE', 'NEWEST', 'FRESH', 'SNAPSHOTS', 'SIZE', 'VERIFIED'] as const;
const WORDS = { good: 'all good', waiting: 'waiting', attention: 'needs attention', stale: 'STALE', failing: 'FAILING' } as const;

/** For people: what is wrong and what to do comes first. */
export function renderStatusText({ clusters, program, now }: Status): string {
  const at = new Date(now);
  const reload = program.last_reload_successful
    ? ''
    : `warning: the configuration was refused when it was read again; the one of ${moment(program.config_read_at, at)} goes on\n`;
  const self = `vault-snapshotd ${program.version} on ${program.host}, started ${moment(program.started_at, at)}, configuration ${program.config}\n`;
  return `${clusters.map((cluster) => renderCluster(cluster, at)).join('\n')}\n${reload}${self}`;
}

function renderCluster(cluster: ClusterStatus, now: Date): string {
  const concerns = cluster.concerns.map(
    ({ level, destination, what, advice }) => `  ${level}: ${destination === null ? '' : `${destination}: `}${what}\n    hint: ${advice}\n`,
  );
  const facts = factsOf(cluster, now).map(([name, fact]) => [`  ${name}`, fact]);
  const lines = [...alignColumns(facts), '', ...alignColumns([HEAD, ...cluster.destinations.map((one) => cellsOf(one, now))])];
  return `${cluster.cluster}: ${WORDS[cluster.verdict]}: ${cluster.verdict_reason}\n${concerns.join('')}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function factsOf(cluster: ClusterStatus, now: Date): readonly (readonly [string, string])[] {
  return [
    ['role', `${cluster.role}${cluster.leader_reason === '' ? '' : `: ${cluster.leader_reason}`}`],
    ['vault', `${cluster.vault_address}${cluster.vault_version === null ? '' : `, ${cluster.vault_version}`}, ${vaultState(cluster)}`],
    ['last round', lastRound(cluster, now)],
    [
      'next round',
      cluster.snapshot_start === null
        ? moment(cluster.next_snapshot_start, now, 'not known yet')
        : `one is running, begun ${moment(cluster.snapshot_start, now)}`,
    ],
    ['token', cluster.token_expires_at === null ? 'none, or one that does not expire' : `expires ${moment(cluster.token_expires_at, now)}`],
    ['unseal keys', unsealKeys(cluster, now)],
    ['last verified', moment(cluster.last_verified_at, now)],
    ['last drill', moment(cluster.last_drill_at, now)],
  ];
}

function unsealKeys({ seal_type, seal_fingerprint, keys_since, older_keys_needed }: ClusterStatus, now: Date): string {
  if (seal_fingerprint === null) return 'not known yet';
  const older = older_keys_needed ? '; older snapshots need those of before' : '';
  return `${seal_type}, fingerprint ${seal_fingerprint.slice(0, 12)}, first seen ${moment(keys_since, now)}${older}`;
}

function vaultState({ vault_reachable, vault_sealed }: ClusterStatus): string {
  if (vault_sealed) return 'sealed';
  return vault_reachable ? 'reachable' : 'not reached';
}

function lastRound({ last_outcome, last_snapshot_end, last_error, consecutive_errors }: ClusterStatus, now: Date): string {
  if (last_outcome === null) return 'none by this node';
  const streak = consecutive_errors > 1 ? `, ${consecutive_errors} failures in a row` : '';
  return `${last_outcome} ${moment(last_snapshot_end, now)}${streak}${last_error === null ? '' : `: ${last_error.message} (${last_error.code})`}`;
}

function cellsOf(destination: ClusterStatus['destinations'][number], now: Date): readonly string[] {
  const { name, state, newest, freshness, snapshots, stored_bytes: bytes, last_verified_at: verifiedAt } = destination;
  return [name, state, age(newest, now), freshness, `${snapshots ?? '-'}`, bytes === null ? '-' : bytesOf(bytes), age(verifiedAt, now)];
}

function age(time: string | null, now: Date): string {
  return time === null ? '-' : `${durationOf(now.getTime() - Date.parse(time))} ago`;
}

/** `12 min ago (2026-01-02 03:04:05Z)`. */
function moment(time: string | null, now: Date, without = 'never'): string {
  if (time === null) return without;
  const ms = now.getTime() - Date.parse(time);
  return `${ms < 0 ? `in ${durationOf(-ms)}` : `${durationOf(ms)} ago`} (${timeOf(new Date(time))})`;
}
