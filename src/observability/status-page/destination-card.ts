import type { DeliveryState } from '../../agent/events.ts';
import { destinationConcerns } from '../concerns.ts';
import { type Freshness, freshnessOf } from '../freshness.ts';
import { bytesOf, durationOf } from '../units.ts';
import type { Level } from '../verdict.ts';
import type { ClusterView, DestinationView } from '../view.ts';
import { badge } from './badge.ts';
import { concernList } from './concern-list.ts';
import { dayTable } from './day-table.ts';
import { daysOf } from './days.ts';
import { html, type Markup } from './html.ts';
import { exact, moment } from './moment.ts';
import { countOf, drawTimeline, longestGap } from './timeline.ts';

const HOUR_MS = 3_600_000;

export function destinationCard(id: string, destination: DestinationView, cluster: ClusterView, now: Date): Markup {
  const { name, location } = destination;
  const freshness = freshnessOf(destination, cluster, now);
  const concerns = destinationConcerns(destination, cluster, now);
  const level: Level = concerns[0]?.level ?? (freshness.state === 'fresh' ? 'good' : 'waiting');
  return html`<article class="card" id="${id}" aria-labelledby="${id}-name"><header class="${level}">${badge(level)}<h3 id="${id}-name"><bdi>${name}</bdi></h3>
<p>${tellState(freshness, level, now)}</p></header>
<p class="place"><bdi>${location}</bdi></p>
${concernList(concerns, ({ what }) => what, now)}${progress(destination, cluster)}${stock(id, destination, cluster, freshness, now)}</article>`;
}

function tellState({ state, newestAt }: Freshness, level: Level, now: Date): string {
  if (state === 'unknown') return 'not looked at yet';
  if (newestAt === undefined) return state === 'empty' ? 'nothing here yet' : 'no proved snapshot';
  const age = `newest proved ${durationOf(now.getTime() - newestAt.getTime())} old`;
  return level === 'failing' && state === 'fresh' ? `${age}, still fresh` : age;
}

function stock(id: string, destination: DestinationView, cluster: ClusterView, freshness: Freshness, now: Date): Markup {
  const { name, snapshots, totals, schedule } = destination;
  if (snapshots === undefined) return html`<p class="empty">What lies here is told as soon as it was looked at.</p>`;
  const intervalMs = cluster.schedules.find((one) => one.name === schedule)?.intervalMs ?? HOUR_MS;
  const days = daysOf(name, snapshots, cluster.history, now);
  const all = days.flatMap((day) => day.snapshots);
  const gap = longestGap(all);
  const unproved = all.filter(({ isProved }) => !isProved).length;
  return html`${drawTimeline(days, freshness, intervalMs, now)}
<dl class="figures"><div><dt>Newest</dt><dd>${moment(totals?.newestAt, now, 'none')}</dd></div>
<div><dt>Oldest</dt><dd>${moment(totals?.oldestAt, now, 'none')}</dd></div>
<div><dt>Kept</dt><dd>${countOf(totals?.count ?? 0, 'snapshot')} <small>${bytesOf(totals?.bytes ?? 0)}${unproved === 0 ? '' : `, ${unproved} not proved`}</small></dd></div>
<div><dt>Longest gap</dt><dd>${gap ? html`${durationOf(gap.ms)} <small>until ${exact(gap.until)}</small>` : html`<span class="none">none</span>`}</dd></div>
<div><dt>Newest proved</dt><dd>${moment(freshness.newestAt, now, 'none')}</dd></div>
<div><dt>Verified again</dt><dd>${moment(destination.verification.lastSuccessAt, now, 'never')}</dd></div></dl>
${dayTable(`${id}-days`, name, days)}`;
}

const STATES: Readonly<Record<DeliveryState, string>> = {
  waiting: 'waits for its turn',
  tailing: 'uploading',
  committing: 'making it visible, reading it back',
  delivered: 'delivered',
  missed: 'missed',
};

/** Of the round in progress. How large the snapshot will be is known from the last one, if at all. */
function progress({ name, state, bytes }: DestinationView, { round, spoolBytes, lastSnapshot }: ClusterView): Markup {
  if (round === undefined) return html``;
  const expected = Math.max(spoolBytes, lastSnapshot?.size ?? 0);
  const isMoving = state === 'tailing' && expected > 0;
  const bar = isMoving ? html`<progress value="${bytes}" max="${expected}" aria-label="Upload to ${name}"></progress>` : html``;
  const amount = state === 'tailing' ? `, ${bytesOf(bytes)}${expected > 0 ? ` of about ${bytesOf(expected)}` : ''}` : '';
  return html`<div class="progress"><p>This round: ${STATES[state]}${amount}</p>${bar}</div>`;
}
