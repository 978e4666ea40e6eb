import { SnapshotError } from '../../errors.ts';
import type { ListedObject } from '../contract.ts';
import { type KeyPrefix, type ObjectKey, objectKey } from '../key.ts';
import { fieldOf, nonsense } from './errors.ts';

/** The fields that make an object of ours, in a listing as in an answer about one. */
export const OBJECT_FIELDS = 'name,size,timeCreated,md5Hash,generation';

export interface Page {
  readonly items: readonly unknown[];
  readonly next: string | undefined;
}

/** Over all pages; a token that comes again would make us go round for ever. */
export async function* listPages(
  prefix: KeyPrefix,
  place: string,
  ask: (token: string | undefined) => Promise<unknown>,
): AsyncGenerator<ListedObject, void, undefined> {
  const seen = new Set<string>();
  for (let token: string | undefined; ; ) {
    const page = readPage(await ask(token), place);
    for (const item of page.items) {
      const listed = readListed(item, place);
      if (listed !== undefined && isDirectlyBelow(prefix, listed.key)) yield listed;
    }
    token = page.next;
    if (token === undefined) return;
    if (seen.has(token)) throw nonsense(place, 'the listing goes round in circles');
    seen.add(token);
  }
}

function readPage(json: unknown, place: string): Page {
  const items = fieldOf(json, 'items') ?? [];
  const next = fieldOf(json, 'nextPageToken');
  if (typeof json !== 'object' || json === null || !Array.isArray(items)) throw nonsense(place, 'the answer is not a listing');
  return { items, next: typeof next === 'string' && next !== '' ? next : undefined };
}

/** Undefined where the name is no key of ours: folders that consoles make, names somebody else chose. */
function readListed(item: unknown, place: string): ListedObject | undefined {
  const name = fieldOf(item, 'name');
  const key = typeof name === 'string' ? asKey(name) : undefined;
  return key === undefined ? undefined : readObject(key, item, place);
}

export function readObject(key: ObjectKey, json: unknown, place: string): ListedObject {
  const size = Number(fieldOf(json, 'size'));
  const modifiedAt = new Date(String(fieldOf(json, 'timeCreated')));
  if (!Number.isSafeInteger(size) || size < 0 || Number.isNaN(modifiedAt.getTime())) throw nonsense(place, 'the answer tells neither size nor time');
  return { key, size, modifiedAt };
}

/** Every object has one, also where the bucket keeps none of before. */
export function generationOf(json: unknown): { readonly version?: string } {
  const generation = fieldOf(json, 'generation');
  return typeof generation === 'string' ? { version: generation } : {};
}

function asKey(name: string): ObjectKey | undefined {
  try {
    return objectKey(name);
  } catch (error) {
    if (error instanceof SnapshotError) return undefined;
    throw error;
  }
}

/** Asked for already; a server that does not know "delimiter" must not make us delete in other folders. */
function isDirectlyBelow(prefix: KeyPrefix, key: ObjectKey): boolean {
  return key.startsWith(prefix) && !key.slice(prefix.length).includes('/');
}
