import { createGzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ArchiveVerifier } from '../../src/snapshot/archive.ts';
import { archiveMembers, buildArchive, varint } from '../fakes/archive.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';

const GIB = 2 ** 30;
const ZEROS = Buffer.alloc(2 ** 20);

/** The head, then so many zeros, packed a thousand to one as they are asked for. */
async function* bomb(head: Buffer, zeros: number): AsyncGenerator<Buffer, void, undefined> {
  const gzip = createGzip({ level: 1 });
  const fill = async () => {
    gzip.write(head);
    for (let left = zeros; left > 0; left -= ZEROS.length) if (!gzip.write(ZEROS)) await new Promise<void>((resolve) => gzip.once('drain', () => resolve()));
    gzip.end();
  };
  const filled = fill();
  for await (const chunk of gzip) yield chunk;
  await filled;
}

/** How many bytes were taken before the refusal, and the refusal. */
async function feed(archive: AsyncIterable<Buffer>): Promise<{ readonly error: unknown; readonly taken: number; readonly held: number }> {
  const verifier = new ArchiveVerifier();
  let [taken, held] = [0, 0];
  try {
    for await (const chunk of archive) {
      await verifier.update(chunk);
      taken += chunk.length;
      const { heapUsed, external } = process.memoryUsage();
      held = Math.max(held, heapUsed + external);
    }
    await verifier.finish();
    return { error: undefined, taken, held };
  } catch (error) {
    return { error, taken, held };
  }
}

/** meta.json and the header of a state.bin of that size, whose one record has a value as long. */
function headOfState(stateBytes: number): Buffer {
  const archive = archiveMembers({ metaSize: stateBytes });
  const tar = buildTar(archive.slice(0, 1), stateBytes);
  const record = Buffer.concat([Buffer.from([0x0a, 1, 0x61, 0x12]), varint(stateBytes - 16)]);
  return Buffer.concat([tar, varint(stateBytes - 16 + record.length), record]);
}

function buildTar(members: ReturnType<typeof archiveMembers>, stateBytes: number): Buffer {
  const state = { name: 'state.bin', body: Buffer.alloc(0), size: stateBytes };
  return unpacked(buildArchive({ members: () => [...members, state], tarEnd: Buffer.alloc(0), level: 0 }));
}

function unpacked(archive: Buffer): Buffer {
  // Level 0 stores: header of ten bytes, blocks of five bytes and their content.
  const blocks: Buffer[] = [];
  for (let at = 10; at < archive.length - 8; ) {
    const length = archive.readUInt16LE(at + 1);
    blocks.push(archive.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return Buffer.concat(blocks);
}

describe('an archive made to exhaust whoever reads it', () => {
  it('is refused at the header of a member that is too long, not after it', async () => {
    const meta = { name: 'meta.json', body: Buffer.alloc(0), size: 8 * GIB - 1 };
    const head = unpacked(buildArchive({ members: () => [meta], tarEnd: Buffer.alloc(0), level: 0 }));
    const { error, taken } = await feed(bomb(head, GIB));
    expect(error).toMatchObject({ check: 'member size' });
    expect(taken).toBeLessThan(100_000);
  });

  it('takes no more memory for a record of a gigabyte than for a small one', async () => {
    const before = process.memoryUsage();
    const { error, held, taken } = await feed(bomb(headOfState(GIB), GIB));
    // Two zeros are left of the state behind that record: the gigabyte before them has passed.
    expect(error).toMatchObject({ check: 'state.bin records' });
    expect(taken).toBeGreaterThan(4_000_000);
    expect(held - before.heapUsed - before.external).toBeLessThan(64 * 2 ** 20);
  });

  it('is refused at the second of thousands of members', async () => {
    const members = archiveMembers();
    const many = Array.from({ length: 2_000 }, () => members[0]!);
    await expect(verifyArchive(buildArchive({ members: () => many }), 100)).rejects.toMatchObject({ check: 'tar members' });
  });

  it('is refused when PAX headers follow each other without end', async () => {
    const pax = { name: 'x', type: 'x', body: Buffer.from('12 path=abc\n') };
    const many = Array.from({ length: 2_000 }, () => pax);
    await expect(verifyArchive(buildArchive({ members: () => many }))).rejects.toMatchObject({ check: 'tar members' });
  });
});
