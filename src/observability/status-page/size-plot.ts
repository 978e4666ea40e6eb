import type { StockedSnapshot } from '../../agent/events.ts';
import { bytesOf } from '../units.ts';
import type { DestinationView } from '../view.ts';
import { DAY_MS, DAYS, firstDay } from './days.ts';
import { html, type Markup } from './html.ts';
import { dayOf, exact } from './moment.ts';

const WIDTH = 600;
const HEIGHT = 100;
/** Narrower than that nobody sees. */
const BUCKETS = 200;
const SHRUNK = 0.8;

/** The sizes of all snapshots of the last thirty days, wherever they lie. The axis begins at nothing, so that half is seen as half. */
export function sizePlot(destinations: readonly DestinationView[], now: Date): Markup {
  const first = firstDay(now);
  const points = sizesOf(destinations, first, now);
  const oldest = points[0];
  const newest = points.at(-1);
  if (oldest === undefined || newest === undefined) return html``;
  const top = niceTop(Math.max(...points.map(({ size }) => size)));
  const place = ({ takenAt, size }: StockedSnapshot) => {
    const x = ((takenAt.getTime() - first.getTime()) / (DAYS * DAY_MS)) * WIDTH;
    return `${x.toFixed(1)} ${(HEIGHT - (size / top) * HEIGHT).toFixed(1)}`;
  };
  const line = thinOut(points, first).map(place);
  const [start, end] = [line[0]?.split(' ')[0], line.at(-1)?.split(' ')[0]];
  const falls = shrinkages(points);
  return html`<figure class="plot"><figcaption><h3>Size</h3><span>${bytesOf(newest.size)} now${tellChange(oldest, newest)}</span></figcaption>
<div class="axes"><div class="sizes" aria-hidden="true"><span>${bytesOf(top)}</span><span>${bytesOf(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Size of the snapshots over the last ${DAYS} days: ${bytesOf(oldest.size)} at ${exact(oldest.takenAt)}, ${bytesOf(newest.size)} at ${exact(newest.takenAt)}">
<path class="grid" d="M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}"/>
<path class="area" d="M${start} ${HEIGHT}L${line.join('L')}L${end} ${HEIGHT}z"/><path class="line" d="M${line.join('L')}${line.length === 1 ? 'h1' : ''}"/>
${falls.map(({ after }) => html`<path class="fall" d="M${place(after)}V0"/>`)}</svg>
<div class="dates" aria-hidden="true">${[0, 10, 20].map((at) => html`<span>${dayOf(new Date(first.getTime() + at * DAY_MS))}</span>`)}<span>today</span></div></div>
${falls.map(({ before, after }) => html`<p class="shrunk">▼ Shrank from ${bytesOf(before.size)} to ${bytesOf(after.size)} at <time datetime="${after.takenAt.toISOString()}">${exact(after.takenAt)}</time></p>`)}</figure>`;
}

/** Oldest first, each name once. */
function sizesOf(destinations: readonly DestinationView[], from: Date, now: Date): readonly StockedSnapshot[] {
  const byName = new Map(destinations.flatMap(({ snapshots }) => snapshots ?? []).map((one) => [one.name, one] as const));
  return [...byName.values()].filter(({ takenAt }) => takenAt >= from && takenAt <= now).sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime());
}

/** Of many that fall into one place, the smallest and the largest, so that no dip is lost. */
function thinOut(points: readonly StockedSnapshot[], first: Date): readonly StockedSnapshot[] {
  if (points.length <= 2 * BUCKETS) return points;
  const buckets = Map.groupBy(points, ({ takenAt }) => Math.floor(((takenAt.getTime() - first.getTime()) / (DAYS * DAY_MS)) * BUCKETS));
  return [...buckets.values()].flatMap((bucket) => {
    const bySize = bucket.toSorted((a, b) => a.size - b.size);
    const ends = new Set([bySize[0]!, bySize.at(-1)!]);
    return bucket.filter((one) => ends.has(one));
  });
}

/** The last few times that one was much smaller than the one before. */
function shrinkages(points: readonly StockedSnapshot[]): readonly { readonly before: StockedSnapshot; readonly after: StockedSnapshot }[] {
  return points
    .slice(1)
    .map((after, at) => ({ before: points[at]!, after }))
    .filter(({ before, after }) => after.size < before.size * SHRUNK)
    .slice(-3);
}

function tellChange(oldest: StockedSnapshot, newest: StockedSnapshot): string {
  const percent = Math.round((newest.size / oldest.size - 1) * 100);
  if (oldest === newest || !Number.isFinite(percent)) return '';
  return `, ${percent < 0 ? '−' : '+'}${Math.abs(percent)} % since ${dayOf(oldest.takenAt)}`;
}

/** A figure whose half is plain too. */
function niceTop(largest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, largest)));
  return ([1, 2, 4, 5, 6, 8].find((step) => step * power >= largest) ?? 10) * power;
}
