import { dirname, resolve } from 'node:path';
import { SnapshotError } from '../../errors.ts';
import { convertConsul } from './consul.ts';
import type { Draft } from './draft.ts';
import { convertEnterprise } from './enterprise.ts';
import { parseForeign } from './parse-foreign.ts';
import { convertSnapshotter } from './snapshotter.ts';
import { type Notes, Source } from './source.ts';
import { convertSuccessor } from './successor.ts';

/** Whose configuration can be read, and a key that only that one has. */
const CONVERTERS = {
  successor: { marks: ['snapshots', 'vault'], convert: convertSuccessor },
  nbis: { marks: ['vault_config'], convert: convertSnapshotter },
  consul: { marks: ['snapshot_agent'], convert: convertConsul },
  enterprise: { marks: ['storage_type', 'data'], convert: convertEnterprise },
} as const;

export type Origin = keyof typeof CONVERTERS;
export const ORIGINS = Object.keys(CONVERTERS) as readonly Origin[];

export interface Conversion extends Notes {
  readonly from: Origin;
  readonly config: Draft;
}

/** The configuration of another program as one of ours. Rejects with `config_invalid` for what is none. */
export async function convertConfig(text: string, path: string, from?: Origin): Promise<Conversion> {
  const value = await parseForeign(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SnapshotError('config_invalid', 'is no block of keys');
  const notes: Notes = { lost: [], changed: [] };
  const source = new Source(value, '', notes, dirname(resolve(path)));
  const origin = from ?? recognise(Object.keys(value).map((key) => key.toLowerCase()));
  const config = CONVERTERS[origin].convert(source);
  // The answer of a Vault has more around it, and none of that is configuration.
  if (origin !== 'enterprise') source.end();
  return { from: origin, config, ...notes };
}

function recognise(keys: readonly string[]): Origin {
  const found = ORIGINS.find((origin) => CONVERTERS[origin].marks.some((mark) => keys.includes(mark)));
  if (found !== undefined) return found;
  const isOurs = ['addr', 'local_storage', 'aws_storage', 'google_storage', 'azure_storage'].some((key) => keys.includes(key));
  throw isOurs
    ? new SnapshotError('config_invalid', 'this has the shape of ours and of the ancestor: there is nothing to convert', {
        advice: 'use it as it is; "vault-snapshotd check --offline" reads it',
      })
    : new SnapshotError('config_invalid', `none of ${ORIGINS.join(', ')} can be recognised in it`, {
        advice: 'say with --from what it is, if it is one of them',
      });
}
