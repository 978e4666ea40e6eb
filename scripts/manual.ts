import { DEFAULT_CONFIG_PATH } from '../src/cli/grammar/common.ts';
import type { Verb } from '../src/cli/grammar/verb.ts';
import { VERB_NAMES, type VerbName, verbOf } from '../src/cli/grammar/verbs.ts';
import { endsOf, flagsOf, usageOf } from '../src/cli/help.ts';
import { ERROR_CODES } from '../src/errors.ts';

/** The man page, in the macros that every man knows. */
export function renderManual(): string {
  return `.\\" Made from src/cli/grammar/.
.TH VAULT-SNAPSHOTD 1
.SH NAME
vault\\-snapshotd \\- proved raft snapshots of Vault and OpenBao
.SH SYNOPSIS
.nf
${VERB_NAMES.map((name) => `\\fB${roff(usageHead(name))}\\fR`).join('\n')}
.fi
.SH DESCRIPTION
Takes raft snapshots of HashiCorp Vault and OpenBao on the host that leads, proves each whole, delivers it to every configured destination, and deletes what
the configuration keeps no longer.
Results go to stdout, as tables or with \\fB\\-\\-json\\fR as one JSON object; log, progress and errors go to stderr.
.SH COMMANDS
${VERB_NAMES.map((name) => renderVerb(name, verbOf(name))).join('')}.SH EXIT STATUS
${exitStatus()}.SH ENVIRONMENT
.TP
.B NO_COLOR
no colour, on a terminal either
.PP
Variables of the configuration: docs/config.md.
.SH FILES
.TP
.I ${roff(DEFAULT_CONFIG_PATH)}
the configuration
.SH SEE ALSO
.BR vault (1),
.BR bao (1),
.BR systemctl (1)
`;
}

/** The flags have their own place further down. */
function usageHead(name: VerbName): string {
  const [head = ''] = usageOf(name).split(' [--');
  return `${head}${Object.keys(verbOf(name).flags).length > 0 ? ' [FLAG ...]' : ''}`;
}

function renderVerb(name: VerbName, verb: Verb): string {
  const { summary, story, argument, example } = verb;
  const pairs = [...(argument ? [[argument.name, argument.doc] as const] : []), ...flagsOf(verb)];
  return `.SS ${name}
${sentence(summary)}
${story === undefined ? '' : `${roff(story)}\n`}${pairs.map(([left, right]) => `.TP\n.B ${roff(left)}\n${roff(right)}\n`).join('')}.PP
Example:
.PP
.nf
.RS
$ ${roff(example.asked)}
${example.prints.split('\n').map(roff).join('\n')}
.RE
.fi
.PP
Exit codes: ${endsOf(verb)
    .map(({ exitCode }) => exitCode)
    .join(', ')}. 0 means: ${roff(verb.ok)}.
`;
}

function exitStatus(): string {
  const byExit = new Map<number, string[]>();
  for (const [code, { exitCode }] of Object.entries(ERROR_CODES)) byExit.set(exitCode, [...(byExit.get(exitCode) ?? []), code]);
  return [...byExit]
    .sort(([a], [b]) => a - b)
    .map(([exitCode, codes]) => `.TP\n.B ${exitCode}\n${roff(codes.join(', '))}\n`)
    .join('');
}

function sentence(text: string): string {
  return roff(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

/** A dot or a quote at the beginning of a line would be a command, and a bare hyphen is typeset as a dash. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replace(/^(?=[.'])/, '\\&');
}
