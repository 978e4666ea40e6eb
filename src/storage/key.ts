import { SnapshotError } from '../errors.ts';

declare const brand: unique symbol;

/** The name of an object at a destination: segments joined by `/`, none of them able to climb out or to hide. */
export type ObjectKey = string & { readonly [brand]: 'ObjectKey' };

/** What keys of one place begin with: empty, or segments that end in `/`, so that `a/b` never covers `a/bc`. */
export type KeyPrefix = string & { readonly [brand]: 'KeyPrefix' };

/** What went wrong with one of several objects. */
export interface KeyError {
  readonly key: ObjectKey;
  readonly error: SnapshotError;
}

// No leading dot: that keeps `..`, `.partial-*` and hidden files out of every listing and every delete.
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._=+@:-]*$/;

export function objectKey(text: string): ObjectKey {
  if (text.length <= 1024 && text.split('/').every((segment) => SEGMENT.test(segment))) return text as ObjectKey;
  throw new SnapshotError('config_invalid', `not a valid object key: ${JSON.stringify(text)}`);
}

export function keyPrefix(text: string): KeyPrefix {
  const bare = text.replace(/\/+$/, '');
  return (bare === '' ? '' : `${objectKey(bare)}/`) as KeyPrefix;
}

export function within(prefix: KeyPrefix, name: string): ObjectKey {
  return objectKey(`${prefix}${name}`);
}

/** The last segment of a key. */
export function baseName(key: ObjectKey): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
