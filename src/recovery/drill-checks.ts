import { abortReason, SnapshotError } from '../errors.ts';
import type { Canary, Manifest } from '../snapshot/manifest.ts';
import { canaryError, canaryPath, checkCanary, readCanary } from './canary.ts';
import type { Hidden, Target } from './contract.ts';

/** What a restored server must hold besides its canary. */
export interface Contents {
  readonly mounts: readonly string[];
  readonly auth: readonly string[];
  readonly policies: readonly string[];
  readonly paths: readonly string[];
}

/** One thing that was to be there. */
export interface Checked {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** The canary that was found, and how it compares. */
export interface FoundCanary {
  readonly value: string;
  readonly age_seconds: number;
  readonly equals_manifest: boolean;
}

export async function checkContents(contents: Contents, target: Target, token: Hidden, signal: AbortSignal): Promise<readonly Checked[]> {
  const { mounts, auth, policies, paths } = contents;
  const inList = (list: string, name: string) => async () => {
    const found = await target.read(list, { token }, signal);
    return found !== undefined && `${name.replace(/\/*$/, '')}/` in found;
  };
  const there = (path: string) => async () => (await target.read(path, { token }, signal)) !== undefined;
  const all: readonly (readonly [string, () => Promise<boolean>])[] = [
    ...mounts.map((name) => [`mount ${name}`, inList('sys/mounts', name)] as const),
    ...auth.map((name) => [`auth ${name}`, inList('sys/auth', name)] as const),
    ...policies.map((name) => [`policy ${name}`, there(`sys/policies/acl/${name}`)] as const),
    ...paths.map((path) => [`path ${path}`, there(path)] as const),
  ];
  return await Promise.all(all.map(([name, isThere]) => check(name, isThere, signal)));
}

async function check(name: string, isThere: () => Promise<boolean>, signal: AbortSignal): Promise<Checked> {
  try {
    const ok = await isThere();
    return { name, ok, detail: ok ? 'is there' : 'is not there' };
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    if (!(error instanceof SnapshotError)) throw error;
    return { name, ok: false, detail: error.message };
  }
}

export function refuseMissing(checks: readonly Checked[]): void {
  const failed = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (failed.length > 0) throw new SnapshotError('check_failed', failed.join('; '));
}

export interface CanaryQuestion {
  readonly manifest: Manifest | undefined;
  readonly takenAt: Date | undefined;
  readonly maxAgeMs: number;
  readonly now: Date;
  /** Hears of it whatever the verdict is. */
  found(canary: FoundCanary): void;
}

/** Rejects unless it is there, is the very one of the manifest, and is young enough. */
export async function proveCanary(question: CanaryQuestion, target: Target, token: Hidden, signal: AbortSignal): Promise<void> {
  const { manifest, takenAt, maxAgeMs, now } = question;
  const canary = manifest?.canary ?? undefined;
  if (canary === undefined) {
    judgeAge(takenAt, maxAgeMs, now);
    throw new SnapshotError('level_unsealed', 'canary: the snapshot holds none', {
      advice: 'set "canary" in the configuration of the daemon; it is written before each snapshot',
    });
  }
  const verdict = checkCanary(canary, await readCanary(target, canary, token, signal), now, maxAgeMs);
  if (verdict.verdict !== 'missing') {
    const ageMs = now.getTime() - Number(canary.value) * 1000;
    question.found({ value: verdict.value, age_seconds: Math.round(ageMs / 1000), equals_manifest: verdict.verdict !== 'differs' });
  }
  const error = canaryError(canary, verdict);
  if (error) throw error;
}

/** A new one into the copy, which must then hold it: a restored server takes writes too. */
export async function rewriteCanary(canary: Canary, target: Target, token: Hidden, now: Date, signal: AbortSignal): Promise<void> {
  const { field, kv_version: version, round_id, namespace } = canary;
  const value = String(Math.floor(now.getTime() / 1000));
  const fields = { [field]: value, round_id };
  await target.write(canaryPath(canary, version), version === 2 ? { data: fields } : fields, { token, namespace: namespace ?? undefined }, signal);
  const error = canaryError(
    { ...canary, value },
    checkCanary({ ...canary, value }, await readCanary(target, canary, token, signal), now, Number.POSITIVE_INFINITY),
  );
  if (error) throw error;
}

/** What stands in for the age of a canary. */
export function judgeAge(takenAt: Date | undefined, maxAgeMs: number, now: Date): void {
  if (takenAt === undefined || now.getTime() - takenAt.getTime() <= maxAgeMs) return;
  const hours = (ms: number) => `${Math.round(ms / 360_000) / 10} h`;
  throw new SnapshotError('stale', `snapshot: is ${hours(now.getTime() - takenAt.getTime())} old, at most ${hours(maxAgeMs)} is wanted`);
}
