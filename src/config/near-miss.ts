import type { Json } from './json.ts';

const IMPORT = '"vault-snapshotd import" converts it';
const WRITE = 'write one of ours after docs/config.md';
const HCL = /^\s*(storage|listener|seal|vault|auto_auth|snapshot_agent|(api|cluster)_addr|disable_mlock|ui)\b\s*("[^"\n]*"\s*)*[{=]/m;
const SUCCESSOR_YAML = /^(vault|snapshots|metrics)[ \t]*:[ \t]*$/m;
const YAML = /^(---|[A-Za-z_]\w*[ \t]*:([ \t]|$))/m;
const SUCCESSOR_TOML = /^[ \t]*\[(vault|snapshots|metrics)(\.[\w.]+)?\]/m;
const TOML = /^([ \t]*\[[\w."-]+\][ \t]*$|[A-Za-z_]\w*[ \t]*=)/m;

/** What a file that is no JSON seems to be: one line that says so, or undefined. */
export function recogniseText(text: string): string | undefined {
  if (/^\s*[{[]/.test(text) && !SUCCESSOR_TOML.test(text)) return undefined;
  if (HCL.test(text)) return `this is HCL, as Vault and Consul have it; the configuration here is JSON: ${WRITE}`;
  if (SUCCESSOR_YAML.test(text)) return `this is the YAML of vault-raft-snapshot-agent, the successor: ${IMPORT}`;
  if (SUCCESSOR_TOML.test(text)) return `this is the TOML of vault-raft-snapshot-agent, the successor: ${IMPORT}`;
  if (TOML.test(text)) return `this is TOML or an environment file; the configuration here is JSON: ${WRITE}`;
  return YAML.test(text) ? `this is YAML; the configuration here is JSON: ${WRITE}` : undefined;
}

/** JSON of another program, told by keys that only that one has. Loaded with everything empty, it would back up nothing. */
export function recogniseJson(json: Json): string | undefined {
  const keys = keysOf(json);
  if (keys.has('snapshot_agent')) return `this is the configuration of the snapshot agent of Consul ("snapshot_agent"), not of Vault: ${IMPORT}`;
  if (keys.has('vault_config')) return `this is the configuration of vault_raft_snapshotter ("vault_config"): ${IMPORT}`;
  const isSuccessor = (keys.has('snapshots') || keys.has('vault')) && !keys.has('addr') && !keys.has('frequency');
  if (isSuccessor)
    return `this is the configuration of vault-raft-snapshot-agent, the successor ("${keys.has('snapshots') ? 'snapshots' : 'vault'}"): ${IMPORT}`;
  const inner = keysOf(keys.get('data'));
  const payload = inner.size > 0 ? inner : keys;
  if (payload.has('storage_type') && (payload.has('path_prefix') || payload.has('interval'))) {
    return `this is an automated snapshot of Vault Enterprise (sys/storage/raft/snapshot-auto/config): ${IMPORT}`;
  }
  return keys.has('storage') && keys.has('listener')
    ? 'this is the configuration of a Vault server, not of its snapshots: write one with addr and a destination'
    : undefined;
}

function keysOf(json: Json | undefined): ReadonlyMap<string, Json> {
  return new Map(json?.kind === 'object' ? json.members.map(({ key, value }) => [key.toLowerCase(), value]) : []);
}
