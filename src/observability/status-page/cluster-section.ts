import { tellConcern } from '../concerns.ts';
import { bytesOf, durationOf } from '../units.ts';
import type { Verdict } from '../verdict.ts';
import type { ClusterView } from '../view.ts';
import { badge } from './badge.ts';
import { concernList } from './concern-list.ts';
import { destinationCard } from './destination-card.ts';
import { facts } from './facts.ts';
import { html, type Markup } from './html.ts';
import { roundsTable } from './rounds-table.ts';
import { sizePlot } from './size-plot.ts';

export interface Judged {
  /** Of its element, unlike any other on the page. */
  readonly id: string;
  readonly cluster: ClusterView;
  readonly verdict: Verdict;
}

export function clusterSection({ id, cluster, verdict }: Judged, now: Date): Markup {
  const { level, word, sentence, concerns } = verdict;
  return html`<section id="${id}" class="cluster" aria-labelledby="${id}-name">
<div id="${id}-verdict" class="verdict ${level}">${badge(level)}<div><h2 id="${id}-name"><bdi>${cluster.name}</bdi></h2><p class="word" role="status">${word}</p><p class="sentence">${sentence}</p></div></div>
<div id="${id}-concerns">${concernList(concerns, tellConcern, now)}</div>
<div id="${id}-round">${runningRound(cluster, now)}</div>
<div id="${id}-facts">${facts(cluster, now)}</div>
<div id="${id}-places"><h2 class="title">Destinations</h2>${legend()}<div class="cards">${cluster.destinations.map((destination, at) => destinationCard(`${id}-d${at}`, destination, cluster, now))}</div></div>
<div class="lower"><div id="${id}-size">${sizePlot(cluster.destinations, now)}</div>
<div id="${id}-rounds"><h2 class="title">Rounds of this node</h2>${roundsTable(id, cluster.history, now)}</div></div></section>`;
}

function runningRound({ round, spoolBytes, lastSnapshot }: ClusterView, now: Date): Markup {
  if (round === undefined) return html``;
  const expected = lastSnapshot === undefined ? '' : ` of about ${bytesOf(Math.max(spoolBytes, lastSnapshot.size))}`;
  const bar =
    lastSnapshot && html`<progress value="${spoolBytes}" max="${Math.max(1, spoolBytes, lastSnapshot.size)}" aria-label="Received from Vault"></progress>`;
  return html`<div class="running"><p><strong>A round is running</strong>, begun ${durationOf(now.getTime() - round.startedAt.getTime())} ago: ${bytesOf(spoolBytes)}${expected} received from Vault</p>${bar}</div>`;
}

function legend(): Markup {
  const mark = (name: string, means: string) =>
    html`<li><svg viewBox="0 0 10 1440" preserveAspectRatio="none" aria-hidden="true"><path class="${name}" d="M5 150v1140"/>${name === 'verified' ? html`<path class="proved" d="M5 150v1140"/><path class="verified" d="M5 150v1140"/>` : undefined}</svg> ${means}</li>`;
  return html`<ul class="legend" aria-label="Marks of the timelines">${[
    mark('proved', 'proved'),
    mark('verified', 'proved, later verified again'),
    mark('unproved', 'not proved'),
    mark('missed', 'round missed'),
    mark('overdue', 'overdue'),
    mark('track', 'none kept'),
  ]}<li class="note">one column a day (UTC), midnight on top</li></ul>`;
}
