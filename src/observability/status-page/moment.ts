import { durationOf } from '../units.ts';
import { html, type Markup } from './html.ts';

/** How long ago or ahead, with the exact time beside it. */
export function moment(at: Date | undefined, now: Date, otherwise: string): Markup {
  if (at === undefined) return html`<span class="none">${otherwise}</span>`;
  return html`<time datetime="${at.toISOString()}">${relative(at, now)} <small>${exact(at)}</small></time>`;
}

export function relative(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime();
  if (Math.abs(ms) < 1000) return 'now';
  return ms > 0 ? `${durationOf(ms)} ago` : `in ${durationOf(-ms)}`;
}

/** In UTC, to the second: `2026-03-30 11:48:00Z`. */
export function exact(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `30 Mar`. */
export function dayOf(at: Date): string {
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
}
