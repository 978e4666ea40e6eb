import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version as vitest } from 'vitest/node';
import { MUTATION_ROOMS } from '../test/mutation/rooms.ts';
import { SURVIVORS } from '../test/mutation/survivors.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { mutationPage, type RoomResult, reasonOf, scoreOf } from './mutation-page.ts';
import { tryAll } from './mutation-trials.ts';

// Breaks each room of test/mutation/rooms.ts in every way mutant-rules.ts knows, one at a time, and runs the room's tests: what they do not notice has
// survived. Fails on a survivor without a reason in test/mutation/survivors.ts, on a reason without a survivor, and below 90 % in any room.
// Usage: npm run mutation [-- name-of-a-file …]; without names it writes docs/mutation.md.
const root = join(import.meta.dirname, '..');
const WORKERS = 2;
/** Only a room whose tests are stuck as it is takes that long. */
const START_LIMIT_MS = 120_000;
const LEAST_LIMIT_MS = 30_000;
const LEAST_SCORE = 90;

async function tryRoom(file: string, tests: readonly string[]): Promise<RoomResult> {
  const text = readFileSync(join(root, file), 'utf8');
  const mutants = mutantsOf(text);
  const before = performance.now();
  const [asItIs] = await tryAll([{ file, text, tests }], 1, START_LIMIT_MS);
  if (asItIs !== 'survived') throw new Error(`${file}: its tests fail as it is`);
  // On a busy machine all takes longer: a limit in seconds would take the slow for the endless.
  const limitMs = Math.max(LEAST_LIMIT_MS, Math.round(5 * (performance.now() - before)));
  const trials = mutants.map((mutant) => ({ file, text: mutant.text, tests }));
  const verdicts = await tryAll(trials, WORKERS, limitMs);
  const withVerdict = (verdict: string) => mutants.filter((_, at) => verdicts[at] === verdict);
  return { file, all: mutants.length, ended: withVerdict('ended').length, survivors: withVerdict('survived') };
}

function describe({ line, was, is }: Mutant): string {
  return `  line ${line}\n    [${JSON.stringify(was)}, ${JSON.stringify(is)}],`;
}

function faultsOf(result: RoomResult): readonly string[] {
  const { file, survivors } = result;
  const unexcused = survivors.filter((mutant) => reasonOf(file, mutant) === undefined).map((mutant) => `survived without a reason:\n${describe(mutant)}`);
  const excused = SURVIVORS.filter((each) => each.file === file).flatMap(({ changes }) => changes);
  const stale = excused.filter((change) => !survivors.some(({ was, is }) => was === change[0] && is === change[1]));
  const low = scoreOf([result]) < LEAST_SCORE ? [`fewer than ${LEAST_SCORE} % killed`] : [];
  return [...unexcused, ...stale.map(([was, is]) => `has a reason to survive, and does not:\n    ${was}\n    ${is}`), ...low];
}

const wanted = process.argv.slice(2);
const rooms = MUTATION_ROOMS.filter(({ file }) => wanted.length === 0 || wanted.some((name) => file.includes(name)));
const results: RoomResult[] = [];
for (const { file, tests } of rooms) {
  const result = await tryRoom(file, tests);
  results.push(result);
  const faults = faultsOf(result);
  if (faults.length > 0) process.exitCode = 1;
  console.log(`${file}: ${scoreOf([result]).toFixed(1)} % of ${result.all} killed, ${result.survivors.length} survived`);
  for (const fault of faults) console.log(`  ${fault}`);
}
console.log(`score: ${scoreOf(results).toFixed(1)} %`);
if (wanted.length === 0 && process.exitCode === undefined)
  writeFileSync(join(root, 'docs/mutation.md'), mutationPage(results, { node: process.versions.node, vitest }, new Date()));
