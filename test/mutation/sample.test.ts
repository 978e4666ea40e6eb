import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutantsOf } from '../../scripts/mutants.ts';
import { tryAll } from '../../scripts/mutation-trials.ts';
import type { Trial } from '../../scripts/mutation-worker.ts';
import { ROOT } from '../unit/source-tree.ts';
import { MUTATION_ROOMS } from './rooms.ts';
import { SURVIVORS } from './survivors.ts';

const LIMIT_MS = 60_000;

/** Only the first, quickest, of its room's tests. */
function trial(file: string, was: string, is: string): Trial {
  const room = MUTATION_ROOMS.find((each) => each.file === file);
  const mutant = mutantsOf(readFileSync(join(ROOT, file), 'utf8')).find((each) => each.was === was && each.is === is);
  if (!room || !mutant) throw new Error(`${file} has no such mutant: ${is}`);
  return { file, text: mutant.text, tests: room.tests.slice(0, 1) };
}

describe('mutation testing', () => {
  it('sees that each of a dozen faults is noticed', { timeout: 300_000 }, async () => {
    const plan = 'src/retention/plan.ts';
    const past = 'const past = newestFirst.filter(({ takenAt }) => takenAt <= now);';
    const renew = 'if (life.isRenewable && life.usesLeft === undefined) return ';
    const renewal = `${renew}{ do: 'renew', atMs: life.expiresAtMs - life.lifeMs * THIRD - early };`;
    const loopback = "return plain !== undefined && (plain.startsWith('127.') || plain === '::1');";
    const trials = [
      trial(plan, past, past.replace('<=', '<')),
      trial(plan, past, 'const past = newestFirst;'),
      trial(plan, 'if (own) own.push(reason);', 'if (own) ;'),
      trial(plan, 'if (newest.size >= count) break;', 'if (newest.size > count) break;'),
      trial('src/vault/renewal.ts', renewal, renewal.replace('&&', '||')),
      trial('src/vault/renewal.ts', 'if (life.usesLeft === 0) return false;', 'if (life.usesLeft === 0) return true;'),
      trial('src/vault/leadership.ts', 'if (asked.isUnixSocket) return true;', 'if (false) return true;'),
      trial('src/vault/leadership.ts', loopback, loopback.replace("'::1'", "''")),
      trial('src/snapshot/gzip-member.ts', 'if (this.#failure !== undefined) throw this.#failure;', 'if (false) throw this.#failure;'),
      trial('src/snapshot/gzip-member.ts', 'if (!this.#isDataOver) await this.#unpack(data);', 'if (!this.#isDataOver) (this.#unpack(data));'),
      trial('src/snapshot/tar-members.ts', 'if (size === 0) this.#sink.end();', 'if (true) this.#sink.end();'),
      trial('src/snapshot/tar-members.ts', 'return end < 0 ? field : field.slice(0, end);', 'return end < 0 ? field : field;'),
    ];
    expect(await tryAll(trials, 1, LIMIT_MS)).toEqual(trials.map(() => 'killed'));
  });

  it('sees that a change without effect survives, and the file as it is', { timeout: 300_000 }, async () => {
    const { file, changes } = SURVIVORS[0]!;
    const harmless = trial(file, ...changes[0]!);
    const asItIs = { ...harmless, text: readFileSync(join(ROOT, file), 'utf8') };
    expect(await tryAll([harmless, asItIs], 1, LIMIT_MS)).toEqual(['survived', 'survived']);
  });

  it('ends what never comes to an end, and goes on', { timeout: 300_000 }, async () => {
    const endless = trial('src/snapshot/tar-members.ts', 'at = end;', ';');
    expect(await tryAll([endless], 1, 5000)).toEqual(['ended']);
  });
});
