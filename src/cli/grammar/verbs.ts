// A verb is added in three places: its declaration, in a file of this folder and one line of VERBS; its work, in commands/<verb>.ts as a
// function of `Asked<'verb'>`, whose `flags` and `args` have the types that the declaration gives them; and one line in run.ts.
// Parsing, help, completion, the man page and docs/cli.md follow from the declaration: `npm run docs` writes them anew.
import { BOOTSTRAP } from './bootstrapping.ts';
import { IMPORT } from './importing.ts';
import { INIT } from './init.ts';
import { INSPECT, LIST, PRUNE, VERIFY } from './reading.ts';
import { DRILL, RESTORE } from './recovering.ts';
import { CHECK, DAEMON } from './running.ts';
import { STATUS } from './status.ts';
import { COMPLETION, HELP, VERSION_VERB } from './telling.ts';
import type { FlagsOf, Verb } from './verb.ts';

/** The whole command line, in the order of the help. */
const VERBS = {
  daemon: DAEMON,
  status: STATUS,
  check: CHECK,
  list: LIST,
  inspect: INSPECT,
  verify: VERIFY,
  prune: PRUNE,
  import: IMPORT,
  restore: RESTORE,
  bootstrap: BOOTSTRAP,
  drill: DRILL,
  init: INIT,
  completion: COMPLETION,
  help: HELP,
  version: VERSION_VERB,
} as const satisfies Readonly<Record<string, Verb>>;

export type VerbName = keyof typeof VERBS;

/** What was asked for on the command line. */
export interface Asked<Name extends VerbName> {
  readonly verb: Name;
  readonly args: readonly string[];
  readonly flags: FlagsOf<(typeof VERBS)[Name]>;
}

export type Command = { readonly [Name in VerbName]: Asked<Name> }[VerbName];

export const VERB_NAMES = Object.keys(VERBS) as readonly VerbName[];

export function verbOf(name: VerbName): Verb {
  return VERBS[name];
}
