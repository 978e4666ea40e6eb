import type { Concern } from '../concerns.ts';
import { badge } from './badge.ts';
import { html, type Markup } from './html.ts';
import { exact, relative } from './moment.ts';

const TAGS: Readonly<Record<Concern['level'], string>> = { failing: 'Failing', stale: 'Stale', attention: 'Attention' };

/** What is wrong, since when, and what to do. */
export function concernList(concerns: readonly Concern[], tell: (concern: Concern) => string, now: Date): Markup {
  if (concerns.length === 0) return html``;
  return html`<ul class="concerns">${concerns.map((concern) => item(concern, tell(concern), now))}</ul>`;
}

function item({ level, since, advice }: Concern, what: string, now: Date): Markup {
  const when = since ? html` <time datetime="${since.toISOString()}">since ${exact(since)}, ${relative(since, now)}</time>` : html``;
  return html`<li class="${level}"><p>${badge(level)} <strong>${TAGS[level]}</strong> <bdi>${what}</bdi>${when}</p><p class="advice"><span>To do:</span> <bdi>${advice}</bdi></p></li>`;
}
