/** One number is enough to see what is old: `35m`, `47h`, `90d`. */
export function ageOf(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes}m`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1440)}d`;
}

/** To the second, in UTC, as people read it: `2026-01-02 03:04:05Z`. */
export function timeOf(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

const STEPS = ['kB', 'MB', 'GB', 'TB'] as const;

/** Three digits or so: `814 B`, `12.2 kB`, `1.31 GB`. */
export function sizeOf(bytes: number): string {
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

/** Columns as wide as their widest cell, two spaces apart. */
export function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (at: number) => Math.max(...rows.map((row) => (row[at] ?? '').length));
  const widths = (rows[0] ?? []).map((_, at) => width(at));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
