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
