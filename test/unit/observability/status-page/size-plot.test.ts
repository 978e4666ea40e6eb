import { expect, it } from 'vitest';
import type { StockedSnapshot } from '../../../../src/agent/events.ts';
import { sizePlot } from '../../../../src/observability/status-page/size-plot.ts';
import { destination, HOUR_MS, NOW, snapshot } from '../cluster-view.ts';

const DAY_MS = 24 * HOUR_MS;

function plot(...places: readonly (readonly StockedSnapshot[] | undefined)[]): string {
  return sizePlot(
    places.map((snapshots, i) => destination(`d${i}`, { snapshots })),
    NOW,
  ).text;
}

function lineOf(text: string): readonly string[] {
  return /class="line" d="M([^"]*)"/.exec(text)?.[1]?.split('L') ?? [];
}

it.each([{ places: [] }, { places: [undefined] }, { places: [[]] }, { places: [[snapshot(40 * DAY_MS)]] }])('draws nothing of $places', ({ places }) => {
  expect(plot(...places)).toBe('');
});

it('begins at nothing and ends at a figure that can be read', () => {
  const text = plot([snapshot(0, { size: 450_000_000 }), snapshot(DAY_MS, { size: 250_000_000 })]);
  expect(text).toContain('<span>500 MB</span><span>250 MB</span><span>0</span>');
  expect(lineOf(text)).toEqual(['570.0 50.0', '590.0 10.0']);
  expect(text).toContain('450 MB now, +80 % since 29 Mar');
  expect(text).toContain('aria-label="Size of the snapshots over the last 30 days: 250 MB at 2026-03-29 12:00:00Z, 450 MB at 2026-03-30 12:00:00Z"');
});

it('draws a snapshot once, wherever it lies', () => {
  const both = snapshot(0);
  expect(lineOf(plot([both], [both, snapshot(DAY_MS)]))).toHaveLength(2);
});

it('says where sizes fell, the last three times', () => {
  const sizes = [790, 1000, 500, 1000, 500, 1000, 500, 1000];
  const text = plot(sizes.map((size, i) => snapshot(i * DAY_MS, { size })));
  expect([...text.matchAll(/Shrank from ([^<]*) at <time datetime="([^"]*)"/g)].map(([, sizes, at]) => [sizes, at])).toEqual([
    ['1.00 kB to 500 B', '2026-03-26T12:00:00.000Z'],
    ['1.00 kB to 500 B', '2026-03-28T12:00:00.000Z'],
    ['1.00 kB to 790 B', '2026-03-30T12:00:00.000Z'],
  ]);
  expect(plot([snapshot(0, { size: 800 }), snapshot(DAY_MS, { size: 1000 })])).not.toContain('Shrank');
});

it('loses no dip when there are more snapshots than can be seen', () => {
  const many = Array.from({ length: 2000 }, (_, i) => snapshot(i * 60_000 * 20, { size: i === 777 ? 100 : 1000 }));
  const line = lineOf(plot(many));
  expect(line.length).toBeLessThan(450);
  expect(line.filter((point) => point.endsWith(' 90.0'))).toHaveLength(1);
});

it('draws empty snapshots without dividing by nothing', () => {
  const text = plot([snapshot(0, { size: 0 }), snapshot(DAY_MS, { size: 0 })]);
  expect(text).not.toMatch(/NaN|Infinity/);
});
