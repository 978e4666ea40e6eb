import { renderCompletion } from '../src/cli/completion/completion.ts';
import type { Verb } from '../src/cli/grammar/verb.ts';
import { VERB_NAMES, verbOf } from '../src/cli/grammar/verbs.ts';
import { endsOf, flagsOf, usageOf } from '../src/cli/help.ts';
import { POLICY } from '../src/cli/init/policy.ts';
import { renderManual } from './manual.ts';

/** Everything that is written from the declaration of the command line, by its path. */
export function cliPages(): Readonly<Record<string, string>> {
  return {
    'docs/policy.hcl': POLICY,
    'docs/cli.md': renderReference(),
    'packaging/man/vault-snapshotd.1': renderManual(),
    'packaging/completion/vault-snapshotd.bash': renderCompletion('bash'),
    'packaging/completion/_vault-snapshotd': renderCompletion('zsh'),
    'packaging/completion/vault-snapshotd.fish': renderCompletion('fish'),
  };
}

const HEAD = `# The command line

\`vault-snapshotd help\` shows the commands and \`vault-snapshotd help COMMAND\` what stands here of one; the man page has all of it. This page is made
from \`src/cli/grammar/\`.

Results go to stdout: tables for people, or one JSON object with \`--json\`. Everything else (log, progress, errors) goes to stderr. On a terminal there is
colour, unless \`NO_COLOR\` is set, and a bar for what takes longer than a second; elsewhere a plain line every ten seconds.
What the exit codes mean and what to do: [errors.md](errors.md).
`;

function renderReference(): string {
  return `${HEAD}${VERB_NAMES.map((name) => renderVerb(name, verbOf(name))).join('')}`;
}

function renderVerb(name: (typeof VERB_NAMES)[number], verb: Verb): string {
  const { summary, story, argument, example } = verb;
  const rows = [...(argument ? [[argument.name, argument.doc] as const] : []), ...flagsOf(verb)].map(([left, right]) => `| \`${left}\` | ${right} |\n`);
  const table = rows.length === 0 ? '' : `\n| | |\n| --- | --- |\n${rows.join('')}`;
  const ends = endsOf(verb).map(({ exitCode, meaning }) => `| ${exitCode} | ${meaning} |\n`);
  return `
## ${name}

${summary.charAt(0).toUpperCase()}${summary.slice(1)}.${story === undefined ? '' : `\n${story}`}

\`\`\`
${usageOf(name).replaceAll('\u00a0', ' ')}
\`\`\`
${table}
\`\`\`
$ ${example.asked}
${example.prints}
\`\`\`

| exit code | |
| --- | --- |
${ends.join('')}`;
}
