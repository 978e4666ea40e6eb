import { bytesOf } from '../units.ts';
import type { Day } from './days.ts';
import { html, type Markup } from './html.ts';

/** What the timeline shows, in figures; the newest day first. */
export function dayTable(id: string, destination: string, days: readonly Day[]): Markup {
  return html`<details id="${id}"><summary>Day by day</summary><table><caption class="unseen">Snapshots at ${destination}, day by day</caption>
<thead><tr><th scope="col">Day</th><th scope="col">Snapshots</th><th scope="col">Proved</th><th scope="col">Missed</th><th scope="col">Size</th></tr></thead>
<tbody>${days.toReversed().map(row)}</tbody></table></details>`;
}

function row({ start, snapshots, missed }: Day): Markup {
  const sizes = snapshots.map(({ size }) => size);
  const size = sizes.length === 0 ? '–' : bytesOf(Math.max(...sizes));
  const proved = snapshots.filter(({ isProved }) => isProved).length;
  return html`<tr><th scope="row">${start.toISOString().slice(0, 10)}</th><td>${snapshots.length}</td><td>${proved}</td><td>${missed.length}</td><td>${size}</td></tr>`;
}
