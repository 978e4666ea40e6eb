import type { Format, Table } from '../config/format.ts';
import type { SecretSource } from '../config/secret.ts';
import { secret } from '../config/secret-format.ts';

/** References only: who reads the configuration must not hold the shares. */
const references: Format<readonly SecretSource[]> = {
  rule: 'a list of {"file": "/path"}, {"env": "NAME"} or {"credential": "name"}',
  jsonSchema: { type: 'array', items: { type: 'object' }, minItems: 1 },
  isSecret: true,
  parse(json, env) {
    if (json.kind !== 'list' || json.items.length === 0) return { remedy: 'write a list, also of one reference' };
    const sources: SecretSource[] = [];
    for (const item of json.items) {
      if (item.kind === 'string') return { rule: 'must not be written out', remedy: 'put each share into a file of its own and name that: {"file": "/path"}' };
      const parsed = secret.parse(item, env);
      if ('remedy' in parsed) return parsed;
      sources.push(parsed.value);
    }
    return { value: sources, shown: sources.map(({ origin }) => `[secret] (${origin})`).join(', ') };
  },
};

/** For restore, drill and bootstrap; rounds have no use for it. */
export const recoveryTable = {
  shares: {
    doc: 'The unseal keys, or recovery keys, that open what is restored: references only, each to one share or to several, a line each. They belong into a file of their own, for recovery alone: the daemon refuses a configuration that names them.',
    format: references,
    since: 'new',
  },
} as const satisfies Table;
