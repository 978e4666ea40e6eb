import type { Offers } from '../grammar/flag.ts';
import { VERB_NAMES, verbOf } from '../grammar/verbs.ts';
import { flagsWithValue, wordsOf } from './words.ts';

/** Bash cuts a word at "=", so a flag, its "=" and its value may be three. */
export function renderBash(): string {
  return `# bash completion for vault-snapshotd
_vault_snapshotd() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} verb=daemon at
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${flagsWithValue().join(' | ')})
        ((at++))
        [[ \${COMP_WORDS[at]} == = ]] && ((at++))
        ;;
      ${VERB_NAMES.join(' | ')})
        verb=\${COMP_WORDS[at]}
        break
        ;;
    esac
  done
  COMPREPLY=()
  case "$verb $previous" in
${valueCases()}  esac
  if [[ $current == -* ]]; then
    case $verb in
${VERB_NAMES.map((name) => `      ${name}) mapfile -t COMPREPLY < <(compgen -W '${flagWords(name)}' -- "$current") ;;\n`).join('')}    esac
    return
  fi
  case $verb in
${VERB_NAMES.map(argumentCase).join('')}  esac
}
complete -F _vault_snapshotd vault-snapshotd
`;
}

function valueCases(): string {
  const patterns = new Map<string, string[]>();
  for (const name of VERB_NAMES)
    for (const [flag, declared] of Object.entries(verbOf(name).flags))
      if ('read' in declared) {
        const reply = replyWith(declared.offers);
        patterns.set(reply, [...(patterns.get(reply) ?? []), `"${name} --${flag}"`]);
      }
  return [...patterns].map(([reply, all]) => `    ${all.join(' | ')})\n      ${reply}\n      return\n      ;;\n`).join('');
}

function argumentCase(name: (typeof VERB_NAMES)[number]): string {
  const { argument } = verbOf(name);
  if (name === 'daemon')
    return `    daemon)
      ${replyWith('file')}
      mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W '${VERB_NAMES.join(' ')}' -- "$current")
      ;;
`;
  return argument ? `    ${name}) ${replyWith(argument.offers)} ;;\n` : '';
}

function flagWords(name: (typeof VERB_NAMES)[number]): string {
  return [...Object.keys(verbOf(name).flags), 'help'].map((flag) => `--${flag}`).join(' ');
}

function replyWith(offers: Offers): string {
  const words = wordsOf(offers);
  if (words) return `mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$current")`;
  if (offers === 'nothing') return ':';
  return `compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen ${offers === 'directory' ? '-d' : '-f'} -- "$current")`;
}
