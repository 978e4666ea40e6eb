import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestGapMs, nextTime, skipTicks } from '../../src/agent/schedule.ts';
import { shortestGapMs } from '../../src/config/cron.ts';
import { formatDuration, parseGoDuration, parseLongDuration } from '../../src/config/duration.ts';
import { SnapshotError } from '../../src/errors.ts';
import { parseManifest } from '../../src/snapshot/manifest.ts';
import { NAME_FIELDS, nameSnapshot, parseNameTemplate, recordTime, subjectOf, takenAt } from '../../src/snapshot/name.ts';
import { objectKey } from '../../src/storage/key.ts';
import { canonicalAddress, hostOf } from '../../src/vault/leadership.ts';
import { runs } from './runs.ts';

const some = <Part>(parts: fc.Arbitrary<Part>) => fc.array(parts, { maxLength: 6 }).map((all) => all.join(''));
const UNITS = ['ns', 'us', 'µs', 'ms', 's', 'm', 'h', 'd', 'w', '', '.', '-', '+', ' '];
const durationText = fc.oneof(
  fc.string(),
  some(fc.oneof(fc.constantFrom(...UNITS), fc.nat().map(String), fc.constantFrom('9223372036854775807', '.5', '00', '1e3'))),
);

describe('a duration', () => {
  it('is a whole number of nanoseconds that 63 bits hold, or refused', () => {
    fc.assert(
      fc.property(durationText, (text) => {
        for (const parse of [parseGoDuration, parseLongDuration]) {
          const value = parse(text);
          if (value !== undefined) expect(value >= -(2n ** 63n) && value < 2n ** 63n).toBe(true);
        }
      }),
      runs(2_000),
    );
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), (ms) => void expect(parseGoDuration(formatDuration(ms))).toBe(BigInt(ms) * 1_000_000n)),
      runs(1_000),
    );
  });
});

const cronField = fc.oneof(
  fc.constantFrom('*', '*/5', '*/7', '0', '1-5', '1,15', 'L', '5#2', 'W', '?', '1-', '99', '0-59/13', 'MON', 'JAN', 'x', '31', '29', '2'),
  fc.nat(70).map(String),
);
const cronText = fc.oneof(
  fc.string(),
  fc.array(cronField, { minLength: 4, maxLength: 7 }).map((fields) => fields.join(' ')),
);
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca');

describe('a cron expression', () => {
  it('is refused, or goes on in time from wherever it stands', () => {
    fc.assert(
      fc.property(cronText, zone, fc.date({ min: new Date('2025-01-01'), max: new Date('2035-01-01'), noInvalidDate: true }), (expression, timezone, from) => {
        const shortest = shortestGapMs(expression, timezone);
        if (shortest === undefined) return;
        expect(shortest).toBeGreaterThan(0);
        const rule = { kind: 'cron', expression, timezone } as const;
        const first = nextTime(rule, from);
        const second = nextTime(rule, first);
        expect(first.getTime()).toBeGreaterThan(from.getTime());
        expect(second.getTime()).toBeGreaterThan(first.getTime());
        expect(skipTicks(rule, from, first)).toEqual({ last: first, skipped: 1 });
      }),
      runs(300),
    );
  });

  it('has no gap shorter than its shortest nor, but for the changes of the clocks, longer than its longest', () => {
    const usual = fc.tuple(
      fc.nat(59),
      fc.constantFrom('*', '*/6', '3', '0,12'),
      fc.constantFrom('*', '*/3'),
      fc.constant('*'),
      fc.constantFrom('*', '1-5', '0'),
    );
    fc.assert(
      fc.property(usual, zone, fc.nat(3650), (fields, timezone, day) => {
        const rule = { kind: 'cron', expression: fields.join(' '), timezone } as const;
        const from = new Date(Date.UTC(2026, 0, 1 + day));
        const first = nextTime(rule, from);
        const gap = nextTime(rule, first).getTime() - first.getTime();
        expect(gap).toBeLessThanOrEqual(longestGapMs(rule, from) + 2 * 3_600_000);
      }),
      runs(40),
    );
  });
});

const FIELDS = Object.keys(NAME_FIELDS).map((field) => `{${field}}`);
const templateText = fc.oneof(
  fc.string(),
  some(fc.oneof(fc.constantFrom(...FIELDS, '-', '_', '.snap', 'raft', '{', '}', '/', '..', '{x}'), fc.string({ maxLength: 3 }))).map((text) => `${text}.snap`),
);
const values = fc.record({
  takenAt: fc.date({ min: new Date('2016-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
  subMs: fc.nat(999_999),
  cluster: fc.string(),
  host: fc.string(),
  index: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

function templateOf(text: string) {
  try {
    return parseNameTemplate(text);
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'config_invalid') return undefined;
    throw error;
  }
}

describe('a name template', () => {
  it('is refused, or names what can be stored and is read back', () => {
    let accepted = 0;
    fc.assert(
      fc.property(templateText, values, (text, given) => {
        const template = templateOf(text);
        if (template === undefined) return;
        accepted += 1;
        const name = nameSnapshot(template, given);
        expect(objectKey(name)).toBe(name);
        const at = takenAt(template, given.cluster, name)?.getTime() ?? 0;
        expect(Math.floor(at / 1000)).toBe(Math.floor(given.takenAt.getTime() / 1000));
      }),
      runs(3_000),
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('reads no time from a name that it could not have made', () => {
    const template = parseNameTemplate('{cluster}-{time}-{index}.snap');
    fc.assert(
      fc.property(fc.string(), values, (name, given) => {
        expect(takenAt(template, given.cluster, `${name}.snap`)).toBeUndefined();
        const other = nameSnapshot(template, { ...given, cluster: 'other' });
        if (given.cluster !== 'other') expect(takenAt(template, 'mine', other)).toBeUndefined();
      }),
      runs(1_000),
    );
  });
});

describe('texts that others write', () => {
  it('are understood or not, and never break whoever reads them', () => {
    const address = some(
      fc.constantFrom('http://', 'https://', '[', ']', '::1', '127.0.0.1', ':8200', '%eth0', '/', 'host', '@', 'fe80::', '::ffff:7f00:1', ' '),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), address), (text) => {
        const [host, canonical] = [hostOf(text), canonicalAddress(text)];
        if (host !== undefined) expect(host).not.toBe('');
        if (canonical !== undefined) expect(canonicalAddress(canonical)).toBe(canonical);
        void [recordTime(text), subjectOf(text)];
      }),
      runs(2_000),
    );
  });

  it('are a manifest, or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseManifest(text);
        } catch (error) {
          if (!(error instanceof SnapshotError)) throw error;
        }
      }),
      runs(1_000),
    );
  });
});
