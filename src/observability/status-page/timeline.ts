import type { StockedSnapshot } from '../../agent/events.ts';
import type { Freshness } from '../freshness.ts';
import { durationOf } from '../units.ts';
import { DAYS, type Day } from './days.ts';
import { html, type Markup } from './html.ts';
import { dayOf, exact } from './moment.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const COLUMN = 10;
const SHORTEST_MARK = 18;
const MISSED_MARK = 30;

/** Thirty columns, one for each day, time running down: a mark for each snapshot, as tall as the time it is good for. */
export function drawTimeline(days: readonly Day[], { overdueSince }: Freshness, intervalMs: number, now: Date): Markup {
  const all = days.flatMap(({ snapshots }) => snapshots);
  const tall = Math.max(SHORTEST_MARK, Math.round((intervalMs / MINUTE_MS) * 0.8));
  const draw = (name: string, isSuch: (one: StockedSnapshot) => boolean) =>
    html`<path class="${name}" d="${marks(days, tall, ({ snapshots }) => snapshots.filter(isSuch).map(({ takenAt }) => takenAt))}"/>`;
  return html`<div class="timeline"><div class="hours" aria-hidden="true"><span>00</span><span>12</span><span>24h</span></div>
<svg viewBox="0 0 ${DAYS * COLUMN} ${DAY_MINUTES}" preserveAspectRatio="none" role="img" aria-label="${describe(days, all)}">
<path class="track" d="${tracks(days, now)}"/>
${draw('unproved', ({ isProved }) => !isProved)}${draw('proved', ({ isProved }) => isProved)}${draw('verified', ({ verifiedAt }) => verifiedAt !== undefined)}
<path class="overdue" d="${overdue(days, overdueSince, now)}"/>
<path class="missed" d="${marks(days, MISSED_MARK, ({ missed }) => missed)}"/>
${days.map((day, at) => html`<rect x="${at * COLUMN}" width="${COLUMN}" height="${DAY_MINUTES}"><title>${describeDay(day)}</title></rect>`)}</svg>
<div class="dates" aria-hidden="true">${[0, 10, 20].map((at) => html`<span>${dayOf(days[at]!.start)}</span>`)}<span>today</span></div></div>`;
}

/** A snapshot that is good for most of a day stands for its whole day. */
function marks(days: readonly Day[], tall: number, timesOf: (day: Day) => readonly Date[]): string {
  const mark = (start: Date, at: Date) => {
    if (tall > DAY_MINUTES / 2) return `20v${DAY_MINUTES - 40}`;
    const minute = Math.min(minutes(at.getTime() - start.getTime()), DAY_MINUTES - SHORTEST_MARK);
    return `${minute}v${Math.min(tall, DAY_MINUTES - minute)}`;
  };
  return days.flatMap((day, column) => [...new Set(timesOf(day).map((at) => `M${middle(column)} ${mark(day.start, at)}`))]).join('');
}

function tracks(days: readonly Day[], now: Date): string {
  return days.map(({ start }, column) => `M${middle(column)} 0V${Math.min(DAY_MINUTES, minutes(now.getTime() - start.getTime()))}`).join('');
}

function overdue(days: readonly Day[], since: Date | undefined, now: Date): string {
  if (since === undefined) return '';
  return days
    .flatMap(({ start }, column) => {
      const from = Math.max(0, minutes(since.getTime() - start.getTime()));
      const to = Math.min(DAY_MINUTES, minutes(now.getTime() - start.getTime()));
      return from < to ? [`M${middle(column)} ${from}V${to}`] : [];
    })
    .join('');
}

function middle(column: number): number {
  return column * COLUMN + COLUMN / 2;
}

function minutes(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}

function describe(days: readonly Day[], all: readonly StockedSnapshot[]): string {
  const missed = days.flatMap((day) => day.missed).length;
  const gap = longestGap(all);
  return [
    `Last ${DAYS} days: ${countOf(all.length, 'snapshot')}`,
    `${all.filter(({ isProved }) => isProved).length} proved`,
    `${all.filter(({ verifiedAt }) => verifiedAt !== undefined).length} verified again`,
    missed === 0 ? 'no round missed' : `${countOf(missed, 'round')} missed`,
    ...(gap ? [`longest time between two of them ${durationOf(gap.ms)}, until ${exact(gap.until)}`] : []),
  ].join(', ');
}

/** Between two that are still there: it may be that those in between were pruned. */
export function longestGap(snapshots: readonly StockedSnapshot[]): { readonly ms: number; readonly until: Date } | undefined {
  const times = snapshots.map(({ takenAt }) => takenAt).sort((a, b) => a.getTime() - b.getTime());
  const gaps = times.slice(1).map((until, at) => ({ ms: until.getTime() - times[at]!.getTime(), until }));
  return gaps.sort((a, b) => b.ms - a.ms)[0];
}

function describeDay({ start, snapshots, missed }: Day): string {
  const proved = snapshots.filter(({ isProved }) => isProved).length;
  return `${dayOf(start)}: ${countOf(snapshots.length, 'snapshot')}, ${proved} proved${missed.length === 0 ? '' : `, ${countOf(missed.length, 'round')} missed`}`;
}

export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
