import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import type { Spool } from '../../../src/spool/contract.ts';
import { LocalSpoolDirectory } from '../../../src/spool/directory.ts';
import { scratchDirectory, smallDisk } from '../../fakes/scratch.ts';

const NEVER = new AbortController().signal;
const BROKEN = new SnapshotError('archive_corrupt', 'archive: cut');

async function openSpool(path?: string): Promise<Spool> {
  const witness = { owner: { host: 'vault-0', pid: 1, startedMs: 1 }, isAlive: () => false, now: () => new Date() };
  return await new LocalSpoolDirectory(path ?? (await scratchDirectory()), witness).open();
}

/** Reads to the end, letting `pace` turns of the event loop go by after each chunk. */
async function readAll(spool: Spool, signal = NEVER, pace = 0): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of spool.tail(signal)) {
    chunks.push(Buffer.from(chunk));
    for (let turn = 0; turn < pace; turn++) await new Promise(setImmediate);
  }
  return Buffer.concat(chunks);
}

it('gives every byte to a reader that comes after the end', async () => {
  const spool = await openSpool();
  const bytes = randomBytes(1_500_000);
  await spool.append(bytes);
  spool.end();
  expect((await readAll(spool)).equals(bytes)).toBe(true);
  expect(spool.bytes).toBe(1_500_000);
  await spool.remove();
});

it('ends at once for readers of an empty spool', async () => {
  const spool = await openSpool();
  const reading = readAll(spool);
  spool.end();
  expect(await reading).toEqual(Buffer.alloc(0));
  expect(await readAll(spool)).toEqual(Buffer.alloc(0));
  await spool.remove();
});

it('gives readers of any pace the same bytes while it grows, whenever they come', async () => {
  const spool = await openSpool();
  const chunks = Array.from({ length: 300 }, (_, index) => randomBytes((index * 7919) % 40_000));
  const readers = [0, 1, 50].map((pace) => readAll(spool, NEVER, pace));
  for (const [index, chunk] of chunks.entries()) {
    await spool.append(chunk);
    if (index === 150) readers.push(readAll(spool, NEVER, 3));
  }
  spool.end();
  const expected = Buffer.concat(chunks);
  for (const read of await Promise.all(readers)) expect(read.equals(expected)).toBe(true);
  await spool.remove();
});

it('hands out what is there before more comes', async () => {
  const spool = await openSpool();
  const reader = spool.tail(NEVER)[Symbol.asyncIterator]();
  await spool.append(Buffer.from('one'));
  expect(await reader.next()).toEqual({ done: false, value: Buffer.from('one') });
  const waiting = reader.next();
  await spool.append(Buffer.from('two'));
  expect(await waiting).toEqual({ done: false, value: Buffer.from('two') });
  await spool.remove();
});

it('never gives a reader more than 256 KiB at once', async () => {
  const spool = await openSpool();
  await spool.append(Buffer.alloc(1_000_000));
  spool.end();
  const sizes: number[] = [];
  for await (const chunk of spool.tail(NEVER)) sizes.push(chunk.byteLength);
  expect(sizes).toEqual([262_144, 262_144, 262_144, 213_568]);
  await spool.remove();
});

it('throws what it failed with to the reader that waits, the one that comes later and the writer', async () => {
  const spool = await openSpool();
  await spool.append(Buffer.from('half'));
  const waiting = [readAll(spool), readAll(spool)];
  const met = Promise.allSettled(waiting);
  spool.fail(BROKEN);
  spool.fail(new SnapshotError('internal', 'a second failure'));
  expect(await met).toEqual([
    { status: 'rejected', reason: BROKEN },
    { status: 'rejected', reason: BROKEN },
  ]);
  await expect(readAll(spool)).rejects.toBe(BROKEN);
  await expect(spool.append(Buffer.from('more'))).rejects.toBe(BROKEN);
  await spool.remove();
});

it('stops a waiting reader when its signal aborts, and no other reader', async () => {
  const spool = await openSpool();
  await spool.append(Buffer.from('half'));
  const stop = new AbortController();
  const reason = new SnapshotError('round_timeout', 'the round took too long');
  const [stopped, other] = [spool.tail(stop.signal)[Symbol.asyncIterator](), spool.tail(NEVER)[Symbol.asyncIterator]()];
  await Promise.all([stopped.next(), other.next()]);
  const [waiting, otherWaiting] = [stopped.next(), other.next()];
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await spool.append(Buffer.from(' and half'));
  expect(await otherWaiting).toEqual({ done: false, value: Buffer.from(' and half') });
  await spool.remove();
});

it('gives a stopped reader nothing of what is there', async () => {
  const spool = await openSpool();
  await spool.append(Buffer.from('there'));
  await expect(readAll(spool, AbortSignal.abort())).rejects.toMatchObject({ code: 'stopped' });
  await spool.remove();
});

it('takes no bytes after its end', async () => {
  const spool = await openSpool();
  spool.end();
  await expect(spool.append(Buffer.from('late'))).rejects.toMatchObject({ code: 'internal' });
  await spool.remove();
});

it('fails for the writer and every reader when the disk is full', async () => {
  const spool = await openSpool(await smallDisk(262_144));
  const reading = expect(readAll(spool)).rejects.toMatchObject({ code: 'spool_no_space' });
  await spool.append(Buffer.alloc(200_000));
  await expect(spool.append(Buffer.alloc(200_000))).rejects.toMatchObject({
    code: 'spool_no_space',
    message: expect.stringMatching(/^spool: \/.*: no space left on device \(ENOSPC\)$/),
  });
  await reading;
  await expect(readAll(spool)).rejects.toMatchObject({ code: 'spool_no_space' });
  await expect(spool.append(Buffer.from('x'))).rejects.toMatchObject({ code: 'spool_no_space' });
  await spool.remove();
});

it('makes readers throw when it is removed under them, waiting or reading', async () => {
  const spool = await openSpool();
  await spool.append(Buffer.alloc(900_000));
  const midway = spool.tail(NEVER)[Symbol.asyncIterator]();
  await midway.next();
  const met = Promise.allSettled([readAll(spool), readAll(spool, NEVER, 5), midway.next().then(() => midway.next())]);
  await spool.remove();
  expect((await met).map((end) => end.status === 'rejected' && end.reason.code)).toEqual(['spool_failed', 'spool_failed', 'spool_failed']);
  await expect(spool.append(Buffer.from('x'))).rejects.toMatchObject({ code: 'spool_failed' });
});

it('keeps the first failure when it is removed after it', async () => {
  const spool = await openSpool();
  spool.fail(BROKEN);
  await spool.remove();
  await spool.remove();
  await expect(readAll(spool)).rejects.toBe(BROKEN);
});

it('gives its space back when it is removed', async () => {
  const path = await smallDisk(1_048_576);
  const full = await openSpool(path);
  await full.append(Buffer.alloc(1_000_000));
  await full.remove();
  const next = await openSpool(path);
  await next.append(Buffer.alloc(1_000_000));
  await next.remove();
});
