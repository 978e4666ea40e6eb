import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Storage, StoredObject } from '../../src/storage/contract.ts';
import { keyPrefix, type ObjectKey, objectKey } from '../../src/storage/key.ts';

export const PREFIX = keyPrefix('snapshots');
export const KEY = objectKey('snapshots/raft_snapshot-1700000000000000000.snap');
export const NEVER = new AbortController().signal;

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export async function put(storage: Storage, key: ObjectKey, content: Uint8Array): Promise<StoredObject> {
  const pending = await storage.open(key, { size: 1024 }, NEVER);
  try {
    for (let position = 0; position < content.length; position += 1_000_003) await pending.write(content.subarray(position, position + 1_000_003));
    return await pending.commit();
  } finally {
    await pending.abort();
  }
}

export async function keysOf(storage: Storage, prefix = 'snapshots'): Promise<string[]> {
  const listed = await collect(storage.list(keyPrefix(prefix), NEVER));
  return listed.map(({ key }) => key).sort();
}

export async function contentOf(storage: Storage, key = KEY): Promise<Buffer> {
  return Buffer.concat(await collect(storage.read(key, NEVER)));
}

export async function expectNothing(storage: Storage): Promise<void> {
  expect(await keysOf(storage)).toEqual([]);
  expect(await storage.stat(KEY, NEVER)).toBeUndefined();
  expect(await storage.sweep(keyPrefix(''), NEVER)).toEqual([]);
}

export function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
