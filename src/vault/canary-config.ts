import type { Table } from '../config/format.ts';
import { choice, flag, text, textThat } from '../config/formats.ts';

const PATH = '^[\\w.+@~-]+(/[\\w.+@~-]+)*$';

const kvPath = textThat('a path without a slash at its ends', { type: 'string', pattern: PATH }, (value) => {
  const segments = value.split('/');
  const isRight = new RegExp(PATH).test(value) && !segments.includes('..') && !segments.includes('.');
  return isRight ? undefined : 'use letters, digits and . _ + @ ~ - between single slashes';
});

/** What is written into Vault before each snapshot, and looked for in what is restored from it. */
export const canaryTable = {
  mount: {
    doc: 'The KV store a canary is written to before each snapshot, so that a restore can show that it holds what was there then. Without it, none is written.',
    format: kvPath,
    since: 'new',
  },
  path: { doc: 'The path of the canary in that store.', format: kvPath, since: 'new', default: 'check_timestamp' },
  namespace: { doc: 'The namespace of that store; the root namespace if not set.', format: text, since: 'new' },
  field: {
    doc: 'The field that gets the time, in seconds since 1970; `round_id` stands beside it.',
    format: textThat('a name of letters, digits and "_"', { type: 'string', pattern: '^\\w+$' }, (value) =>
      /^\w+$/.test(value) && value !== 'round_id' ? undefined : 'choose another name, such as "value"; "round_id" stands beside it',
    ),
    since: 'new',
    default: 'value',
  },
  kv_version: { doc: 'The version of the store: `1`, `2`, or `auto`: Vault is asked.', format: choice('auto', '1', '2'), since: 'new', default: 'auto' },
  required: { doc: 'No snapshot without a canary. Else a snapshot goes without one, with a warning.', format: flag, since: 'new', default: false },
} as const satisfies Table;
