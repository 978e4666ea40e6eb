import type { CanarySettings } from '../agent/deps.ts';
import type { canaryTable } from '../vault/canary-config.ts';
import type { Block, Findings } from './block.ts';

const VERSIONS = { auto: undefined, 1: 1, 2: 2 } as const;

/** Undefined: none is written. */
export function readCanary({ values, sources }: Block<typeof canaryTable>, findings: Findings): CanarySettings | undefined {
  const { mount, path, namespace, field, kv_version: version, required: isRequired } = values;
  if (mount !== undefined) return { mount, path, namespace, field, kvVersion: VERSIONS[version], isRequired };
  if (sources.size > 0 && !sources.has('mount')) findings.faults.push('canary.mount: is missing: write the path of a KV store, for example "secret"');
  return undefined;
}
