import { SnapshotError } from '../errors.ts';
import type { Canary } from '../snapshot/manifest.ts';
import type { Fields, Hidden, Target } from './contract.ts';

/** `ageMs` is negative where the clock here is behind. */
export type CanaryVerdict =
  | { readonly verdict: 'equal' | 'stale'; readonly value: string; readonly ageMs: number }
  | { readonly verdict: 'missing' }
  | { readonly verdict: 'differs'; readonly value: string };

/** Where a KV store of that version has what lies at this path. */
export function canaryPath({ mount, path }: { readonly mount: string; readonly path: string }, version: 1 | 2): string {
  return version === 2 ? `${mount}/data/${path}` : `${mount}/${path}`;
}

/** Whether a restored server holds what was written right before its snapshot, and whether that is young enough. */
export function checkCanary({ field, value, round_id }: Canary, found: Fields | undefined, now: Date, maxAgeMs: number): CanaryVerdict {
  if (found === undefined) return { verdict: 'missing' };
  const held = `${found[field]}`;
  if (held !== value || found.round_id !== round_id) return { verdict: 'differs', value: held };
  const ageMs = now.getTime() - Number(value) * 1000;
  return { verdict: ageMs > maxAgeMs ? 'stale' : 'equal', value, ageMs };
}

/** The fields that the server holds in its place; undefined: nothing is there. */
export async function readCanary(target: Target, canary: Canary, token: Hidden, signal: AbortSignal): Promise<Fields | undefined> {
  const { kv_version: version, namespace } = canary;
  const found = await target.read(canaryPath(canary, version), { token, namespace: namespace ?? undefined }, signal);
  return version === 1 ? found : ((found?.data ?? undefined) as Fields | undefined);
}

/** Undefined for one that is as it should be. */
export function canaryError({ mount, path, value }: Canary, found: CanaryVerdict): SnapshotError | undefined {
  const what = `canary: ${mount}/${path}`;
  if (found.verdict === 'missing') return new SnapshotError('canary_missing', `${what}: is not there, ${value} was written`);
  if (found.verdict === 'differs') return new SnapshotError('canary_differs', `${what}: holds ${found.value.slice(0, 40)}, ${value} was written`);
  if (found.verdict === 'stale') return new SnapshotError('canary_stale', `${what}: was written ${Math.round(found.ageMs / 3_600_000)} h ago`);
  return undefined;
}
