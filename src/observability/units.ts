const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long, as one says it: `45 s`, `12 min`, `3 h`, `2 days`. Never less than nothing. */
export function durationOf(ms: number): string {
  if (ms < 90_000) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < 90 * MINUTE_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  return ms < 2 * DAY_MS ? `${Math.floor(ms / HOUR_MS)} h` : `${Math.floor(ms / DAY_MS)} days`;
}

const STEPS = ['kB', 'MB', 'GB', 'TB'] as const;

/** Three digits or so: `814 B`, `12.2 kB`, `1.31 GB`. */
export function bytesOf(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit: string = STEPS[0];
  for (const step of STEPS) {
    unit = step;
    value /= 1000;
    // 999.96 would be told as 1000.
    if (value < 999.5) break;
  }
  return `${value.toPrecision(3)} ${unit}`;
}
