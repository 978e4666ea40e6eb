import type { Offers } from '../grammar/flag.ts';
import { VERB_NAMES, verbOf } from '../grammar/verbs.ts';
import { quoted, wordsOf } from './words.ts';

const COMPLETE = 'complete -c vault-snapshotd';

export function renderFish(): string {
  const isBare = `not __fish_seen_subcommand_from ${VERB_NAMES.join(' ')}`;
  const verbs = VERB_NAMES.map((name) => `${COMPLETE} -n ${quoted(isBare)} -a ${name} -d ${quoted(verbOf(name).summary)}\n`);
  const rest = VERB_NAMES.flatMap((name) => {
    const { argument, flags } = verbOf(name);
    const when = name === 'daemon' ? `${isBare}; or __fish_seen_subcommand_from daemon` : `__fish_seen_subcommand_from ${name}`;
    const lines = Object.entries(flags).map(([flag, declared]) => {
      const value = 'read' in declared ? ` -r ${actionOf(declared.offers)}` : '';
      return `${COMPLETE} -n ${quoted(when)} -l ${flag}${value} -d ${quoted(declared.doc)}\n`;
    });
    return [...lines, ...(argument ? [`${COMPLETE} -n ${quoted(when)} ${actionOf(argument.offers)}\n`] : [])];
  });
  return ['# fish completion for vault-snapshotd\n', `${COMPLETE} -f\n`, `${COMPLETE} -s h -l help -d explain\n`, ...verbs, ...rest].join('');
}

function actionOf(offers: Offers): string {
  const words = wordsOf(offers);
  if (words) return `-f -a ${quoted(words.join(' '))}`;
  if (offers === 'nothing') return '-f';
  return offers === 'directory' ? `-f -a '(__fish_complete_directories)'` : '-F';
}
