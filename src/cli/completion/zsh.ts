import type { Offers } from '../grammar/flag.ts';
import { VERB_NAMES, verbOf } from '../grammar/verbs.ts';
import { flagsWithValue, quoted, wordsOf } from './words.ts';

type VerbName = (typeof VERB_NAMES)[number];

export function renderZsh(): string {
  const described = VERB_NAMES.map((name) => `    ${quoted(`${name}:${verbOf(name).summary.replaceAll(':', '\\:')}`)}\n`);
  return `#compdef vault-snapshotd
_vault-snapshotd_first() {
  local -a commands=(
${described.join('')}  )
  _describe -t commands command commands
  _files
}

_vault-snapshotd() {
  local verb=daemon at
  for ((at = 2; at < CURRENT; at++)); do
    case $words[at] in
      (${flagsWithValue().join('|')}) ((at++)) ;;
      (${VERB_NAMES.join('|')}) verb=$words[at]; break ;;
    esac
  done
  case $verb in
${VERB_NAMES.map(verbCase).join('')}  esac
}

# Sourced, or loaded from the fpath on first use.
if [ "$funcstack[1]" = "_vault-snapshotd" ]; then
  _vault-snapshotd "$@"
else
  compdef _vault-snapshotd vault-snapshotd
fi
`;
}

/** The verb itself is the first of the words that are no flag. */
function verbCase(name: VerbName): string {
  const { argument, flags } = verbOf(name);
  const specs = [
    ...Object.entries(flags).map(([flag, declared]) => {
      const value = 'read' in declared ? `:${declared.value}:${actionOf(declared.offers)}` : '';
      return `--${flag}${value === '' ? '' : '='}[${declared.doc.replaceAll(/[[\]:]/g, '\\$&')}]${value}`;
    }),
    '--help[explain]',
    ...(name === 'daemon' ? ['1: :_vault-snapshotd_first'] : ['1: :']),
    ...(argument && name !== 'daemon' ? Array.from({ length: argument.max }, (_, at) => `${at + 2}::${argument.name}:${actionOf(argument.offers)}`) : []),
  ];
  return `    (${name})\n      _arguments -S ${specs.map((spec) => `\\\n        ${quoted(spec)}`).join(' ')}\n      ;;\n`;
}

function actionOf(offers: Offers): string {
  const words = wordsOf(offers);
  if (words) return `(${words.join(' ')})`;
  if (offers === 'nothing') return ' ';
  return offers === 'directory' ? '_files -/' : '_files';
}
