import { describe, expect, it } from 'vitest';
import type { StockedSnapshot } from '../../../../src/agent/events.ts';
import { daysOf } from '../../../../src/observability/status-page/days.ts';
import { drawTimeline, longestGap } from '../../../../src/observability/status-page/timeline.ts';
import type { RoundMark } from '../../../../src/observability/view.ts';
import { ago, HOUR_MS, NOW, round, snapshot } from '../cluster-view.ts';

const DAY_MS = 24 * HOUR_MS;
const FRESH = { state: 'fresh', newestAt: ago(0), overdueSince: undefined } as const;

/** What is drawn of one kind: `today` is column 29, whose middle is at 295. */
function drawn(
  kind: string,
  snapshots: readonly StockedSnapshot[],
  history: readonly RoundMark[] = [],
  intervalMs = HOUR_MS,
  overdueSince?: Date,
): string | undefined {
  const { text } = drawTimeline(daysOf('disk', snapshots, history, NOW), { ...FRESH, overdueSince }, intervalMs, NOW);
  return new RegExp(`class="${kind}" d="([^"]*)"`).exec(text)?.[1];
}

describe('the timeline', () => {
  it.each([
    { what: 'now', ageMs: 0, mark: 'M295 720v48' },
    { what: 'at the first minute of today', ageMs: 12 * HOUR_MS, mark: 'M295 0v48' },
    { what: 'at the last minute of yesterday, cut at the end of the day', ageMs: 12 * HOUR_MS + 60_000, mark: 'M285 1422v18' },
    { what: 'in the first of thirty days', ageMs: 29 * DAY_MS + 12 * HOUR_MS, mark: 'M5 0v48' },
    { what: 'before that', ageMs: 29 * DAY_MS + 12 * HOUR_MS + 1, mark: '' },
    { what: 'in the future', ageMs: -1, mark: '' },
  ])('puts a snapshot $what where it belongs', ({ ageMs, mark }) => {
    expect(drawn('proved', [snapshot(ageMs)])).toBe(mark);
  });

  it('fills a day with a snapshot that is good for a day', () => {
    expect(drawn('proved', [snapshot(0), snapshot(60_000), snapshot(2 * DAY_MS)], [], DAY_MS)).toBe('M275 20v1400M295 20v1400');
  });

  it('keeps a mark to be seen however often snapshots come', () => {
    expect(drawn('proved', [snapshot(0)], [], 60_000)).toBe('M295 720v18');
  });

  it('tells apart what is proved, verified again, and neither', () => {
    const three = [snapshot(HOUR_MS), snapshot(2 * HOUR_MS, { verifiedAt: ago(0) }), snapshot(3 * HOUR_MS, { isProved: false })];
    expect([drawn('proved', three), drawn('verified', three), drawn('unproved', three)]).toEqual(['M295 660v48M295 600v48', 'M295 600v48', 'M295 540v48']);
  });

  it('marks rounds that failed, and those that missed this destination, but not those that missed another', () => {
    const history = [
      round(3 * HOUR_MS, { outcome: 'failed' }),
      round(2 * HOUR_MS, { outcome: 'partial', missed: ['disk'] }),
      round(HOUR_MS, { outcome: 'partial', missed: ['s3'] }),
    ];
    expect(drawn('missed', [], history)).toBe('M295 540v30M295 600v30');
  });

  it('marks the time since which a snapshot is overdue, over midnight too', () => {
    expect(drawn('overdue', [], [], HOUR_MS, ago(13 * HOUR_MS))).toBe('M285 1380V1440M295 0V720');
    expect(drawn('overdue', [])).toBe('');
  });

  it('says in words what it shows', () => {
    const { text } = drawTimeline(
      daysOf('disk', [snapshot(HOUR_MS), snapshot(6 * HOUR_MS, { isProved: false })], [round(HOUR_MS, { outcome: 'failed' })], NOW),
      FRESH,
      HOUR_MS,
      NOW,
    );
    expect(text).toContain(
      'aria-label="Last 30 days: 2 snapshots, 1 proved, 0 verified again, 1 round missed, longest time between two of them 5 h, until 2026-03-30 11:00:00Z"',
    );
    expect(text).toContain('<title>30 Mar: 2 snapshots, 1 proved, 1 round missed</title>');
  });
});

describe('the longest gap', () => {
  it.each([
    { ages: [], gap: undefined },
    { ages: [0], gap: undefined },
    { ages: [0, 1, 5, 6], gap: { ms: 4 * HOUR_MS, until: ago(HOUR_MS) } },
    { ages: [6, 0, 1, 5], gap: { ms: 4 * HOUR_MS, until: ago(HOUR_MS) } },
  ])('of snapshots $ages hours old', ({ ages, gap }) => {
    expect(longestGap(ages.map((hours) => snapshot(hours * HOUR_MS)))).toEqual(gap);
  });
});
