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

/** Three digits: `814 B`, `12.2 kB`, `1.31 GB`. */
export function bytesOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  // What would be told as 1000 belongs to the next unit.
  const step = Math.min(STEPS.length, Math.floor(Math.log10(bytes * 1.0005) / 3));
  return `${(bytes / 1000 ** step).toPrecision(3)} ${STEPS[step - 1]}`;
}
