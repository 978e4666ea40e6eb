import { ERROR_CODES, type ErrorCode } from '../errors.ts';
import { DEFAULT_CONFIG_PATH } from './grammar/common.ts';
import type { Verb } from './grammar/verb.ts';
import { VERB_NAMES, type VerbName, verbOf } from './grammar/verbs.ts';
import { alignColumns } from './units.ts';

const WIDTH = 79;

/** Every verb in a line each: it fits a screen. */
export function renderOverview(): string {
  const verbs = alignColumns(VERB_NAMES.map((name) => [`  ${name}`, verbOf(name).summary]));
  return `vault-snapshotd: proved raft snapshots of Vault and OpenBao

  vault-snapshotd [COMMAND] [--config FILE]  default ${DEFAULT_CONFIG_PATH}
  vault-snapshotd --once                     one snapshot now, if we lead

commands
${verbs.join('\n')}

"vault-snapshotd help COMMAND" tells its flags, an example and exit codes.
`;
}

/** A verb's own page. */
export function renderVerb(name: VerbName): string {
  const verb = verbOf(name);
  const { argument, example, story } = verb;
  const described = [...(argument ? [[argument.name, argument.doc] as const] : []), ...flagsOf(verb)];
  return [
    `vault-snapshotd ${name}: ${verb.summary}\n`,
    ...(story === undefined ? [] : [`${wrap(story, 0)}\n`]),
    `usage\n  ${wrap(usageOf(name), 4).trimStart()}\n`,
    ...(described.length === 0 ? [] : [`flags\n${renderPairs(described)}`]),
    `example\n  $ ${example.asked}\n${example.prints.replaceAll(/^/gm, '  ')}\n`,
    `exit codes\n${renderPairs(endsOf(verb).map(({ exitCode, meaning }) => [`${exitCode}`, meaning]))}`,
  ].join('\n');
}

/** `vault-snapshotd verify [ARCHIVE] [--all | --newest N] …` */
export function usageOf(name: VerbName): string {
  const { argument, flags, apart = [] } = verbOf(name);
  const written = (flag: string) => {
    const declared = flags[flag];
    return declared !== undefined && 'read' in declared ? `--${flag}\u00a0${declared.value}` : `--${flag}`;
  };
  const [leader] = apart;
  const shown = Object.keys(flags).flatMap((flag) => {
    if (flag === leader) return [`[${apart.map(written).join('\u00a0|\u00a0')}]`];
    return apart.includes(flag) ? [] : [`[${written(flag)}]`];
  });
  return ['vault-snapshotd', ...(name === 'daemon' ? [] : [name]), ...argumentsOf(argument), ...shown].join(' ');
}

function argumentsOf(argument: Verb['argument']): readonly string[] {
  if (!argument) return [];
  return Array.from({ length: argument.max }, (_, at) => (at < argument.min ? argument.name : `[${argument.name}]`));
}

/** As they are written, each with what it does. */
export function flagsOf({ flags }: Verb): readonly (readonly [string, string])[] {
  return Object.entries(flags).map(([name, flag]) => {
    const short = flag.short === undefined ? '' : `-${flag.short}, `;
    return [`${short}--${name}${'read' in flag ? ` ${flag.value}` : ''}`, flag.doc];
  });
}

/** Smallest first, each with the codes behind it. */
export function endsOf({ ok, ends }: Verb): readonly { readonly exitCode: number; readonly meaning: string }[] {
  const byExit = new Map<number, ErrorCode[]>();
  for (const code of ends) byExit.set(ERROR_CODES[code].exitCode, [...(byExit.get(ERROR_CODES[code].exitCode) ?? []), code]);
  const failures = [...byExit].sort(([a], [b]) => a - b).map(([exitCode, codes]) => ({ exitCode, meaning: codes.join(', ') }));
  return [{ exitCode: 0, meaning: ok }, ...failures];
}

function renderPairs(pairs: readonly (readonly [string, string])[]): string {
  const column = Math.max(...pairs.map(([left]) => left.length)) + 4;
  return pairs.map(([left, right]) => `  ${left.padEnd(column - 2)}${wrap(right, column).trimStart()}\n`).join('');
}

/** Lines of a screen's width, all of them set in by so much. A no-break space holds together what belongs together. */
function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line]
    .map((each) => `${' '.repeat(indent)}${each}\n`.replaceAll('\u00a0', ' '))
    .join('')
    .trimEnd();
}
