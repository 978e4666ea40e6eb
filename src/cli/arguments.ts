import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { nearest } from '../config/suggest.ts';
import { SnapshotError } from '../errors.ts';
import { CONFIG_ARGUMENT } from './grammar/common.ts';
import type { Verb } from './grammar/verb.ts';
import { type Command, VERB_NAMES, type VerbName, verbOf } from './grammar/verbs.ts';

type Values = Readonly<Record<string, string | boolean | undefined>>;

/** Understood before any verb, and of none. */
const GLOBAL = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;

/** Wrong use is a SnapshotError `usage`. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parseStrictly(argv);
  const [first] = positionals;
  const named = VERB_NAMES.find((known) => known === first);
  if (values.help) return { verb: 'help', args: named === undefined ? [] : [named], flags: {} };
  if (values.version) return { verb: 'version', args: [], flags: {} };
  if (named === undefined && first !== undefined) refuseMistyped(first);
  const name = named ?? 'daemon';
  const verb = verbOf(name);
  for (const flag of Object.keys(values)) if (!(flag in verb.flags)) throw usage(`--${flag} belongs to ${ownersOf(flag).join(', ')}`);
  const apart = verb.apart?.filter((flag) => flag in values) ?? [];
  if (apart.length > 1) throw usage(`--${apart[1]} does not go with --${apart[0]}`);
  for (const [flag, needed] of Object.entries(verb.needs ?? {})) if (flag in values && !(needed in values)) throw usage(`--${flag} needs --${needed}`);
  const args = named === undefined ? positionals : positionals.slice(1);
  const { args: others, values: all } = verb.argument === CONFIG_ARGUMENT ? takeConfig(args, values) : { args, values };
  checkArguments(verb, others);
  // The flags were read as the declaration of this verb has them, which is what its type says.
  return { verb: name, args: others, flags: readFlags(verb, all) } as Command;
}

/** By the same rules as `vault-snapshotd VERB`. */
export function parseVerb(word: string): VerbName {
  const name = VERB_NAMES.find((known) => known === word);
  if (name !== undefined) return name;
  refuseMistyped(word);
  throw usage(`unknown command ${JSON.stringify(word)}`);
}

/** A path has a slash or a dot; a word that is nearly a verb was meant as one. */
function refuseMistyped(word: string): void {
  const meant = /[/.]/.test(word) ? undefined : nearest(word, VERB_NAMES);
  if (meant !== undefined) throw usage(`unknown command ${JSON.stringify(word)}: did you mean "${meant}"?`);
}

/** A bare argument is the path of the configuration. */
function takeConfig(args: readonly string[], values: Values): { readonly args: readonly string[]; readonly values: Values } {
  const [bare, unexpected] = args;
  if (unexpected !== undefined) throw usage(`unexpected argument: ${JSON.stringify(unexpected)}`);
  if (bare === undefined) return { args, values };
  if (values.config !== undefined) throw usage(`unexpected argument beside --config: ${JSON.stringify(bare)}`);
  return { args: [], values: { ...values, config: bare } };
}

function checkArguments({ argument }: Verb, args: readonly string[]): void {
  const unexpected = args[argument?.max ?? 0];
  if (unexpected !== undefined) throw usage(`unexpected argument: ${JSON.stringify(unexpected)}`);
  if (argument === undefined) return;
  if (args.length < argument.min) throw usage(`${argument.name} is missing: ${argument.doc}`);
  const { offers } = argument;
  const wrong = typeof offers === 'string' ? undefined : args.find((given) => !offers.includes(given));
  if (wrong !== undefined) throw usage(`${argument.name} is ${argument.doc}, not ${JSON.stringify(wrong)}`);
}

function readFlags(verb: Verb, values: Values): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(verb.flags).map(([name, flag]) => [name, 'read' in flag ? readValue(name, flag, values[name]) : name in values]));
}

function readValue(name: string, flag: Extract<Verb['flags'][string], { readonly value: string }>, given: Values[string]): unknown {
  if (typeof given !== 'string') return undefined;
  const value = flag.read(given);
  if (value === undefined) throw usage(`--${name}: must be ${flag.rule}, got ${JSON.stringify(given)}`);
  return value;
}

function ownersOf(flag: string): readonly VerbName[] {
  return VERB_NAMES.filter((name) => flag in verbOf(name).flags);
}

/** The word that says what is to be done, if there is one: no value of a flag is it. */
export function firstWord(argv: readonly string[]): string | undefined {
  return parseLoosely(argv).positionals[0];
}

function parseStrictly(argv: readonly string[]): { readonly values: Values; readonly positionals: readonly string[] } {
  const { options, values, positionals, tokens } = parseLoosely(argv);
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    if (!Object.hasOwn(options, name)) {
      const meant = nearest(name, Object.keys(options));
      throw usage(`unknown flag ${rawName}${meant === undefined ? '' : `: did you mean --${meant}?`}`);
    }
    if (options[name]?.type === 'boolean') {
      if (value !== undefined) throw usage(`${rawName} takes no value`);
    } else if (value === undefined) {
      throw usage(`${rawName} needs a value`);
    } else if (!inlineValue && value.length > 1 && value.startsWith('-')) {
      // More likely the next flag than a value that begins so.
      throw usage(`${rawName} needs a value: if ${JSON.stringify(value)} is meant, write --${name}=${value}`);
    }
  }
  return { values: values as Values, positionals };
}

/** The flags of all verbs together: where a verb stands among them is only known after they are read. */
function parseLoosely(argv: readonly string[]) {
  const declared = VERB_NAMES.flatMap((name) => Object.entries(verbOf(name).flags));
  const options: ParseArgsOptionsConfig = {
    ...Object.fromEntries(
      declared.map(([name, flag]) => [
        name,
        { type: 'read' in flag ? 'string' : 'boolean', ...(flag.short === undefined ? {} : { short: flag.short }) } as const,
      ]),
    ),
    ...GLOBAL,
  };
  return { options, ...parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true }) };
}

function usage(message: string): SnapshotError {
  return new SnapshotError('usage', message);
}
