import { firstWord } from './arguments.ts';

/** What was typed, in the words of this program; and what to type instead. */
export interface Translated {
  readonly argv: readonly string[];
  readonly notes: readonly string[];
}

/** A flag of the script, as it is called here, and why. */
type Flag = (value: string) => { readonly flags: readonly string[]; readonly note: string };

const FLAGS: Readonly<Record<string, Flag>> = {
  '-a': (url) => ({ flags: ['--to', url], note: `-a is --to ${url}` }),
  '-b': (bucket) => ({ flags: ['--bucket', bucket], note: `-b is --bucket ${bucket}, or --destination with the name that the configuration gives it` }),
  // There it is where the newest of the bucket is put before it is sent.
  '-s': (file) => ({ flags: ['--snapshot', 'latest'], note: `-s is --snapshot latest: nothing is written to ${file}, the spool is used` }),
  // There it is looked at when the restore is over.
  '-d': (days) => ({
    flags: ['--lose', `${days}d`, '--check-canary'],
    note: `-d is --lose ${days}d --check-canary: what is older is refused before it is sent`,
  }),
};

/** The flags that `openbao-snapshot.sh restore` of cloud-native-ref has; of other verbs nothing is touched. */
export function translateScript(argv: readonly string[]): Translated {
  if (firstWord(argv) !== 'restore') return { argv, notes: [] };
  const words: string[] = [];
  const notes: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    const value = argv[at + 1];
    const flag = Object.hasOwn(FLAGS, word) ? FLAGS[word] : undefined;
    if (flag === undefined || value === undefined) {
      words.push(word);
      continue;
    }
    const { flags, note } = flag(value);
    words.push(...flags);
    notes.push(note);
    at += 1;
  }
  return { argv: words, notes };
}
