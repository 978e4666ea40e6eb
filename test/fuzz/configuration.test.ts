import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DESTINATION_BLOCKS } from '../../src/config/destination-schema.ts';
import type { Table } from '../../src/config/format.ts';
import { readConfigText } from '../../src/config/load.ts';
import { SECTIONS, topTable } from '../../src/config/schema.ts';
import { SnapshotError } from '../../src/errors.ts';
import { edits, harm } from './edits.ts';
import { runs } from './runs.ts';

const PLANTED = 'hvs.PLANTEDplantedPLANTEDplanted';
/** Each piece would tell enough. */
const PIECES = Array.from({ length: PLANTED.length - 7 }, (_, at) => PLANTED.slice(at, at + 8));

interface Place {
  readonly block: string | undefined;
  readonly key: string;
}

function placesIn(block: string | undefined, table: Table, isSecret: boolean): readonly Place[] {
  return Object.entries(table)
    .filter(([, { format }]) => (format.isSecret === true) === isSecret)
    .map(([key]) => ({ block, key }));
}

const TABLES: readonly (readonly [string | undefined, Table])[] = [
  [undefined, topTable],
  ...Object.entries(SECTIONS),
  ...DESTINATION_BLOCKS.map(({ block, table }) => [block, table] as const),
];
const SECRET_PLACES = TABLES.flatMap(([block, table]) => placesIn(block, table, true));
const OPEN_PLACES = TABLES.flatMap(([block, table]) => placesIn(block, table, false));

/** The message of the refusal and every value as it is shown; anything thrown but a refusal goes through. */
function told(text: string): string {
  try {
    const { config, effective } = readConfigText(text, '/etc/snapshot.json', {});
    return [...config.warnings, ...effective.map(({ shown }) => shown)].join('\n');
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'config_invalid') return `${error.message}\n${error.advice}`;
    throw error;
  }
}

type Block = Record<string, unknown>;

function put(document: Block, { block, key }: Place, value: unknown): void {
  if (block === undefined) document[key] = value;
  else document[block] = { ...(document[block] as Block | undefined), [key]: value };
}

/** How people get a secret wrong: another kind of value, half a reference, a key that is not there. */
const plantedValue = fc.constantFrom<unknown>(
  PLANTED,
  ` ${PLANTED}\n`,
  [PLANTED],
  { file: PLANTED, env: PLANTED },
  { value: PLANTED },
  { [PLANTED]: 1 },
  [[{ x: PLANTED }]],
  {
    credential: [PLANTED],
  },
);
const keySpelling = fc.constantFrom(
  (key: string) => key,
  (key: string) => key.toUpperCase(),
);
const anyJson = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('1h', '-1h', '0', 'true', '/x', 'http://[', '* * * * *', 1e308, -0, ''));

const secretive = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...SECRET_PLACES), plantedValue, keySpelling), { minLength: 1, maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...OPEN_PLACES), anyJson), { maxLength: 6 }),
  )
  .map(([secrets, others]) => {
    const document: Block = { role_id: 'role', local_storage: { path: '/snapshots' } };
    for (const [place, value] of others) put(document, place, value);
    for (const [place, value, spell] of secrets) put(document, { ...place, key: spell(place.key) }, value);
    return JSON.stringify(document, null, 1);
  });

function expectNothingPlanted(text: string): void {
  const shown = told(text);
  expect(PIECES.filter((piece) => shown.includes(piece))).toEqual([]);
}

describe('a configuration that nobody would write', () => {
  it('is read or refused as config_invalid, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => void told(text)),
      runs(1_000),
    );
  });

  it('is read or refused as config_invalid, whatever the values', () => {
    const document = fc.array(fc.tuple(fc.constantFrom(...OPEN_PLACES, ...SECRET_PLACES), anyJson), { maxLength: 12 });
    fc.assert(
      fc.property(document, (values) => {
        const all: Block = {};
        for (const [place, value] of values) put(all, place, value);
        expect(told(JSON.stringify(all))).not.toMatch(/\[object |\bNaN\b|\bundefined\b/);
      }),
      runs(1_000),
    );
  });

  it('never shows a secret, however wrong it and its neighbours are', () => {
    fc.assert(fc.property(secretive, expectNothingPlanted), runs(1_500));
  });

  it('never shows a secret of a file that is cut or garbled', () => {
    fc.assert(
      fc.property(secretive, edits, (text, harms) => void told(harm(Buffer.from(text), harms).toString())),
      runs(1_000),
    );
    // Garbled keys may make another key of a secret one, so the harm is done outside of keys and values: to quotes, colons, commas and braces.
    const marks = fc.array(fc.tuple(fc.nat(), fc.constantFrom('', '"', ':', ',', '{', '}', '[', ']', '//', "'", '\n', '#')), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(secretive, marks, (text, changes) => {
        let garbled = text;
        for (const [nth, mark] of changes) {
          const places = [...garbled.matchAll(/[",:{}[\]]/g)].map(({ index }) => index);
          const at = places[nth % Math.max(1, places.length)] ?? 0;
          garbled = `${garbled.slice(0, at)}${mark}${garbled.slice(at + 1)}`;
        }
        expectNothingPlanted(garbled);
      }),
      runs(1_000),
    );
  });

  it('is refused for nesting that would exhaust the stack', () => {
    expect(told(`{"a":${'['.repeat(200_000)}`)).toContain('levels of nesting');
  });
});
