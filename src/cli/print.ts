import type { Host } from './host.ts';

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const BOLD = 1;
const DIM = 2;

/** The words our reports begin a line with, and the heads of their tables. */
const COLOURS: readonly (readonly [RegExp, number])[] = [
  [/^ *ok(?= )/gm, GREEN],
  [/(?<=^(?:\S+: )? *)FAIL(?= )/gm, RED],
  [/^(?: *problem|vault-snapshotd):/gm, RED],
  [/^ *warning:/gm, YELLOW],
  [/^ *\^ gap of .*$/gm, YELLOW],
  [/^ *hint:/gm, DIM],
  [/^(?:TAKEN|MEMBER|PREFIX) .*$/gm, BOLD],
];

/** A report for people. What it tells came from other places too: nothing in it moves their cursor. */
export function printReport(host: Pick<Host, 'out' | 'env' | 'isStdoutTerminal'>, text: string): void {
  host.out(colour(text.replaceAll(/[^\P{Cc}\n]/gu, '?'), host.env, host.isStdoutTerminal));
}

/** Only on a terminal, and only if nobody said no. */
export function colour(text: string, env: Host['env'], isTerminal: boolean): string {
  if (!isTerminal || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb') return text;
  let coloured = text;
  for (const [pattern, code] of COLOURS) coloured = coloured.replaceAll(pattern, (word) => `\u001b[${code}m${word}\u001b[0m`);
  return coloured;
}
