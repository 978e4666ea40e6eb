import { SURVIVORS } from '../test/mutation/survivors.ts';
import type { Mutant } from './mutants.ts';

export interface RoomResult {
  readonly file: string;
  readonly all: number;
  /** Of those that were noticed: never came to an end, or took the process with them. */
  readonly ended: number;
  readonly survivors: readonly Mutant[];
}

/** In percent, rounded down: 90 is not reached by 89.96. */
export function scoreOf(results: readonly RoomResult[]): number {
  const all = sum(results.map((result) => result.all));
  return Math.floor((1000 * (all - sum(results.map(({ survivors }) => survivors.length)))) / all) / 10;
}

export function reasonOf(file: string, { was, is }: Mutant): string | undefined {
  return SURVIVORS.find((each) => each.file === file && each.changes.some((change) => change[0] === was && change[1] === is))?.reason;
}

/** docs/mutation.md */
export function mutationPage(results: readonly RoomResult[], versions: { readonly node: string; readonly vitest: string }, now: Date): string {
  const row = (name: string, of: readonly RoomResult[]) => {
    const [all, ended, survived] = [sum(of.map((each) => each.all)), sum(of.map((each) => each.ended)), sum(of.map((each) => each.survivors.length))];
    return `| ${name} | ${all} | ${all - ended - survived} | ${ended} | ${survived} | ${scoreOf(of).toFixed(1)} % |`;
  };
  return `# Mutation testing

The parts that decide which snapshots go, who is the leader, how long a token lives and whether an archive is whole are broken on purpose: one
place at a time, in every way \`scripts/mutant-rules.ts\` knows. Comparisons are turned and moved by one, conditions forced, operators and
constants changed, statements, \`await\`s and guards taken out, texts emptied, patterns loosened. Each time the unit tests of that part run.
What they do not notice has survived, and wants a better test or a reason.

\`npm run mutation\` runs all of it and writes this page; \`npm run mutation -- plan\` one file. A survivor without a reason in
\`test/mutation/survivors.ts\`, a reason whose mutant is killed, or a file below 90 % fail the run. With each change a few of the mutants, among
them one that must survive, are tried by \`test/mutation/sample.test.ts\`.

Run on ${now.toISOString().slice(0, 10)} with Node ${versions.node} and vitest ${versions.vitest}. *Ended* are those that did not come to an end by themselves.

| file | mutants | killed by a test | ended | survived | score |
| --- | ---: | ---: | ---: | ---: | ---: |
${results.map((result) => row(`\`${result.file}\``, [result])).join('\n')}
${row('all', results)}

## Survivors
${results
  .filter(({ survivors }) => survivors.length > 0)
  .map(survivorsOf)
  .join('')}`;
}

function survivorsOf({ file, survivors }: RoomResult): string {
  const byReason = Map.groupBy(survivors, (mutant) => reasonOf(file, mutant) ?? 'no reason');
  const groups = [...byReason].map(([reason, mutants]) => `\n${capital(reason)}:\n\n${[...Map.groupBy(mutants, ({ was }) => was)].map(lineOf).join('')}`);
  return `\n### ${file}\n${groups.join('')}`;
}

function lineOf([was, mutants]: readonly [string, readonly Mutant[]]): string {
  return `- ${code(was)}: ${mutants.map(({ is }) => changeOf(was, is)).join(', ')}\n`;
}

/** What is no longer the same, in whole words. */
function changeOf(was: string, is: string): string {
  const most = Math.min(was.length, is.length);
  let start = 0;
  while (start < most && was[start] === is[start]) start += 1;
  let end = 0;
  while (end < most - start && was.at(-1 - end) === is.at(-1 - end)) end += 1;
  while (start > 0 && /\S/.test(was.charAt(start - 1))) start -= 1;
  while (end > 0 && /\S/.test(was.charAt(was.length - end))) end -= 1;
  return `${code(was.slice(start, was.length - end))} → ${code(is.slice(start, is.length - end))}`;
}

function code(text: string): string {
  return `\`\` ${text.replaceAll(/\s+/g, ' ').trim()} \`\``;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const each of numbers) total += each;
  return total;
}
