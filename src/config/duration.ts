const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);
const WHOLE_DAYS: ReadonlyMap<string, bigint> = new Map([
  ['d', 86_400_000_000_000n],
  ['w', 604_800_000_000_000n],
]);
const LIMIT = 1n << 63n;
const PART = /(\d*)(?:(\.)(\d*))?([^.\d]*)/y;

/** Nanoseconds exactly as Go's time.ParseDuration has them; undefined for everything it refuses. */
export function parseGoDuration(text: string): bigint | undefined {
  return parse(text, NANOSECONDS);
}

/** Go's durations, and whole days (`d`) and weeks (`w`) besides, in nanoseconds. */
export function parseLongDuration(text: string): bigint | undefined {
  return parse(text, new Map([...NANOSECONDS, ...WHOLE_DAYS]));
}

/** As Go writes it, without the zero units: `1h30m`. */
export function formatDuration(ms: number): string {
  const parts = [
    [Math.floor(ms / 3_600_000), 'h'],
    [Math.floor(ms / 60_000) % 60, 'm'],
    [Math.floor(ms / 1_000) % 60, 's'],
    [Math.floor(ms) % 1_000, 'ms'],
  ] as const;
  const text = parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
  return text === '' ? '0s' : text;
}

function parse(text: string, units: ReadonlyMap<string, bigint>): bigint | undefined {
  const isNegative = text.startsWith('-');
  const body = text.replace(/^[-+]/, '');
  if (body === '0') return 0n;
  if (body === '') return undefined;
  let total = 0n;
  const part = new RegExp(PART);
  while (part.lastIndex < body.length) {
    const value = parsePart(part.exec(body), units);
    if (value === undefined) return undefined;
    total += value;
    if (total > LIMIT) return undefined;
  }
  if (isNegative) return -total;
  return total === LIMIT ? undefined : total;
}

function parsePart(found: RegExpExecArray | null, units: ReadonlyMap<string, bigint>): bigint | undefined {
  const [, whole = '', point, fraction = '', unit = ''] = found ?? [];
  const scale = units.get(unit);
  if (scale === undefined || (whole === '' && fraction === '')) return undefined;
  if (WHOLE_DAYS.has(unit) && point !== undefined) return undefined;
  const value = BigInt(whole === '' ? 0 : whole);
  if (value > LIMIT / scale) return undefined;
  const total = value * scale + fractionOf(fraction, scale);
  return total > LIMIT ? undefined : total;
}

/** Go reads digits of a fraction until they no longer fit 63 bits, then does the rest in floating point: so do we. */
function fractionOf(digits: string, scale: bigint): bigint {
  let value = 0n;
  let power = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (LIMIT - 1n) / 10n || next > LIMIT) break;
    value = next;
    power *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(scale) / power)));
}
