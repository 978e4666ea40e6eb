import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderEvents } from '../../../scripts/events-reference.ts';
import { EVENTS } from '../../../src/observability/events-table.ts';
import { ROOT, readSources, type SourceTree, withoutComments } from '../source-tree.ts';

/** Level and event of every line that a tree logs; the level is unknown where the fields are put together before. */
function eventsIn(tree: SourceTree): { readonly event: string; readonly level: string | undefined }[] {
  const found = [...tree].flatMap(([path, text]) => (path === 'src/observability/events-table.ts' ? [] : [withoutComments(text)]));
  return found.flatMap((code) => [
    ...[...code.matchAll(/(?:\blog(?:\(\))?\.(debug|info|warn|error)\(\s*)?\{\s*event: '(\w+)'/g)].map(([, level, event = '']) => ({ event, level })),
    ...[...code.matchAll(/\{\s*event: [^',{]+'\w+' \? '(\w+)' : '(\w+)'/g)].flatMap(([, one = '', other = '']) =>
      [one, other].map((event) => ({ event, level: undefined })),
    ),
  ]);
}

describe('the table of events', () => {
  const logged = eventsIn(readSources('src'));

  it('is docs/events.md, word for word', () => {
    expect(readFileSync(join(ROOT, 'docs/events.md'), 'utf8')).toBe(renderEvents());
  });

  it('has every event that is logged, and no other', () => {
    expect([...new Set(logged.map(({ event }) => event))].sort()).toEqual(Object.keys(EVENTS).sort());
  });

  it.each(logged.flatMap(({ event, level }) => (level === undefined ? [] : [[event, level] as const])))('tells the level of %s: %s', (event, level) => {
    expect(EVENTS[event as keyof typeof EVENTS]?.level.split(/\W+/)).toContain(level);
  });

  it('finds an event however it is logged', () => {
    const code = ["log.warn({ event: 'a', x }, 'm');", "const fields = { event: 'b' };", "log().info({ event: kind === 'p' ? 'c' : 'd' }, 'm');"];
    const found = eventsIn(new Map([['src/a.ts', `${code.join('\n')}\n// log.warn({ event: 'e' });\nthis.#log.error(\n  { event: 'f' },\n)`]]));
    expect(found.map(({ event }) => event).sort()).toEqual(['a', 'b', 'c', 'd', 'f']);
    expect(found.flatMap(({ level }) => level ?? [])).toEqual(['warn', 'error']);
  });
});
