import { durationOf } from '../units.ts';
import type { RoundMark } from '../view.ts';
import { badge } from './badge.ts';
import { html, type Markup } from './html.ts';
import { moment } from './moment.ts';

const SHOWN = 8;
const MORE = 50;

/** The rounds of late, the newest first; of those before them the last ones on demand. */
export function roundsTable(id: string, history: readonly RoundMark[], now: Date): Markup {
  const newestFirst = history.toReversed();
  if (newestFirst.length === 0) return html`<p class="empty">This node has taken no round in the last 30 days.</p>`;
  const older = newestFirst.slice(SHOWN, MORE);
  const more = html`<details id="${id}-more"><summary>${older.length} more</summary>${table('Rounds before those', older, now)}</details>`;
  return html`${table('Rounds of this node', newestFirst.slice(0, SHOWN), now)}${older.length === 0 ? undefined : more}`;
}

function table(caption: string, rounds: readonly RoundMark[], now: Date): Markup {
  return html`<table class="rounds"><caption class="unseen">${caption}</caption><thead><tr><th scope="col">Began</th><th scope="col">Outcome</th><th scope="col">Took</th></tr></thead>
<tbody>${rounds.map((round) => row(round, now))}</tbody></table>`;
}

const OUTCOMES = {
  taken: { level: 'good', word: 'Taken' },
  partial: { level: 'attention', word: 'Partly' },
  failed: { level: 'failing', word: 'Failed' },
} as const;

function row({ startedAt, endedAt, outcome, missed, trouble }: RoundMark, now: Date): Markup {
  const { level, word } = OUTCOMES[outcome];
  const missing = missed.length === 0 ? html`` : html` <bdi>missed ${missed.join(', ')}</bdi>`;
  const why = trouble ? html`<small><bdi>${trouble.message}</bdi></small>` : html``;
  return html`<tr><th scope="row">${moment(startedAt, now, '')}</th><td><span class="outcome ${level}">${badge(level)} ${word}</span>${missing}${why}</td><td>${durationOf(endedAt.getTime() - startedAt.getTime())}</td></tr>`;
}
