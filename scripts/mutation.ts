import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTATION_ROOMS } from '../test/mutation/rooms.ts';
import { type Mutant, mutantsOf, withMutant } from './mutants.ts';

// Breaks each room of `test/mutation/rooms.ts` in every way `mutants.ts` knows, one at a time, and runs the room's tests: what they do not notice has
// survived. Works in a copy of the checkout. Usage: npm run mutation [-- name-of-a-file …]
const LIMIT_MS = 60_000;
const root = join(import.meta.dirname, '..');

function isKilled(copy: string, tests: readonly string[]): boolean {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--bail=1', '--pool=threads', '--reporter=dot', ...tests], {
    cwd: copy,
    timeout: LIMIT_MS,
    stdio: 'ignore',
  });
  // A test run that hangs has noticed too.
  return status !== 0;
}

function describe({ line, before, after }: Mutant): string {
  return `line ${line}: ${before} -> ${after}`;
}

const wanted = process.argv.slice(2);
const copy = mkdtempSync(join(tmpdir(), 'mutation-'));
try {
  for (const entry of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts', 'config.example.json'])
    cpSync(join(root, entry), join(copy, entry), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  let [all, killed] = [0, 0];
  for (const { file, tests } of MUTATION_ROOMS.filter((room) => wanted.length === 0 || wanted.some((name) => room.file.includes(name)))) {
    const text = readFileSync(join(root, file), 'utf8');
    if (isKilled(copy, tests)) throw new Error(`${file}: its tests fail as it is`);
    let survivors = 0;
    const mutants = mutantsOf(text);
    for (const mutant of mutants) {
      writeFileSync(join(copy, file), withMutant(text, mutant));
      if (isKilled(copy, tests)) continue;
      survivors += 1;
      console.log(`  survived: ${describe(mutant)}`);
    }
    writeFileSync(join(copy, file), text);
    all += mutants.length;
    killed += mutants.length - survivors;
    console.log(`${file}: ${mutants.length - survivors} of ${mutants.length} killed`);
  }
  console.log(`score: ${((100 * killed) / all).toFixed(1)} %`);
  process.exitCode = killed / all >= 0.9 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
