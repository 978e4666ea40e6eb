import { isVaultAsked } from '../concerns.ts';
import { areOlderKeysNeeded } from '../older-keys.ts';
import { durationOf } from '../units.ts';
import type { ClusterView, ScheduleView } from '../view.ts';
import { html, type Markup } from './html.ts';
import { moment } from './moment.ts';

/** What this node knows besides: its role and why, when it last did what, how long its credentials live. */
export function facts(cluster: ClusterView, now: Date): Markup {
  const { role, roleReason, lastRound, schedules, drill } = cluster;
  const last = lastRound && { taken: 'taken', partial: 'partly delivered', failed: 'failed' }[lastRound.outcome];
  return html`<dl class="facts">
<div><dt>This node</dt><dd>${{ leader: 'leader', standby: 'standby', unknown: 'role unknown' }[role]} <small><bdi>${roleReason}</bdi></small></dd></div>
<div><dt>Last round</dt><dd>${last ? html`${last}, ` : undefined}${moment(lastRound?.endedAt, now, role === 'standby' ? 'none: the leader takes them' : 'none yet')}</dd></div>
<div><dt>Next round</dt><dd>${nextRounds(schedules, now)}</dd></div>
<div><dt>Token for Vault</dt><dd>${tokenLife(cluster, now)}</dd></div>
<div><dt>Vault</dt><dd>${vaultState(cluster)} <small><bdi>${cluster.vaultAddress}</bdi></small></dd></div>
<div><dt>Unseal keys</dt><dd>${unsealKeys(cluster, now)}</dd></div>
<div><dt>Restore drill</dt><dd>${moment(drill.lastSuccessAt, now, 'none yet')}${drill.lastLevel === undefined ? undefined : html` <small>reached level ${drill.lastLevel} in ${durationOf(drill.lastSeconds * 1000)}</small>`}</dd></div></dl>`;
}

function nextRounds(schedules: readonly ScheduleView[], now: Date): Markup {
  if (schedules.length === 0) return html`<span class="none">not planned yet</span>`;
  const isOnly = schedules.length === 1;
  return html`${schedules.map(({ name, nextAt, intervalMs }) => {
    const every = html`<small>every ${durationOf(intervalMs)}</small>`;
    return html`<span class="line">${isOnly ? undefined : html`<bdi>${name}</bdi>: `}${moment(nextAt, now, 'not planned yet')} ${every}</span>`;
  })}`;
}

function unsealKeys(cluster: ClusterView, now: Date): Markup {
  const keys = cluster.lastSnapshot?.keys;
  if (keys?.fingerprint === undefined) return html`<span class="none">told by the first snapshot</span>`;
  const since = moment(keys.since, now, 'nobody knows when');
  const warning = areOlderKeysNeeded(cluster) ? html`<small>older snapshots need those of before</small>` : undefined;
  return html`first seen ${since} <small>${keys.sealType}, fingerprint ${keys.fingerprint.slice(0, 12)}</small> ${warning}`;
}

function tokenLife({ token: { expiresAt, lifetimeMs } }: ClusterView, now: Date): Markup {
  if (expiresAt === undefined) return html`<span class="none">none, or one that does not expire</span>`;
  return html`expires ${moment(expiresAt, now, '')} <small>granted for ${durationOf(lifetimeMs)}</small>`;
}

function vaultState(cluster: ClusterView): string {
  const { isReachable, isSealed, isTlsVerified, vaultVersion, vaultAddress } = cluster;
  if (!isVaultAsked(cluster)) return 'not asked yet';
  const version = vaultVersion === undefined ? '' : `${vaultVersion}, `;
  const state = isSealed ? 'sealed' : isReachable ? 'unsealed' : 'no answer';
  return `${version}${state}${isTlsVerified || !vaultAddress.startsWith('https:') ? '' : ', certificate not verified'}`;
}
