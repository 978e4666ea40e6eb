import { SnapshotError } from '../errors.ts';

/** Hints name the key of the configuration; what came with a flag instead is named by that. Undefined: the flag was not given. */
export function speakOfFlag(key: string, flag: { readonly name: string; readonly given: string | undefined }, thrown: unknown): unknown {
  const quoted = `"${key}"`;
  if (flag.given === undefined || !(thrown instanceof SnapshotError) || !thrown.advice.includes(quoted)) return thrown;
  return new SnapshotError(thrown.code, thrown.message, { cause: thrown, advice: thrown.advice.replaceAll(quoted, flag.name) });
}
