import type { Level } from '../verdict.ts';
import { html, type Markup } from './html.ts';

/** A form for each level, so that colour is never all that tells them apart. */
const FORMS: Readonly<Record<Level, string>> = {
  good: 'M12 1a11 11 0 1 0 .01 0zM6.5 12.4l3.7 3.7 7.3-7.6',
  waiting: 'M12 1a11 11 0 1 0 .01 0zM12 6v6.4l4.2 2.6',
  attention: 'M12 1.6 23 21.8H1zM12 8.6v6M12 17.6v1.6',
  stale: 'M4.2 1.5h15.6M4.2 22.5h15.6M6 1.5c0 7 6 7.5 6 10.5s-6 3.5-6 10.5M18 1.5c0 7-6 7.5-6 10.5s6 3.5 6 10.5',
  failing: 'M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9zM8 8l8 8M16 8l-8 8',
};

export function badge(level: Level): Markup {
  return html`<svg class="badge" viewBox="0 0 24 24" aria-hidden="true"><path d="${FORMS[level]}"/></svg>`;
}

const COLOURS: Readonly<Record<Level, string>> = { good: '#0a7a40', waiting: '#56697a', attention: '#b07400', stale: '#b85400', failing: '#c4161c' };

/** The same in the tab of the browser. */
export function icon(level: Level): string {
  const lines = `fill="none" stroke="${COLOURS[level]}" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 26 26"><path ${lines} d="${FORMS[level]}"/></svg>`;
}

export const LEVELS = Object.keys(FORMS) as readonly Level[];
