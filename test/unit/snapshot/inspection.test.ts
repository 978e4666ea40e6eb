import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inspectArchive } from '../../../src/snapshot/inspection.ts';
import { archiveMembers, buildArchive } from '../../fakes/archive.ts';

async function* inChunks(archive: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < archive.length; at += 100) yield archive.subarray(at, at + 100);
}

const MEMBERS = archiveMembers().map(({ name, body }) => ({ name, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') }));

describe('looking into an archive', () => {
  it('tells what a whole one holds', async () => {
    const archive = buildArchive();
    expect(await inspectArchive(inChunks(archive), 1)).toEqual({
      sha256: createHash('sha256').update(archive).digest('hex'),
      damage: undefined,
      meta: { index: 42n, term: 3n, stateBytes: 437, servers: [{ id: 'node1', voter: true }] },
      members: MEMBERS,
      state: {
        entries: 9,
        seal: { type: 'shamir', shares: 1, threshold: 1 },
        sealFingerprint: '3c02dc2b83475d34857fbeaf6c4720907b69532d09e2780513375da77e1d73e2',
        suspicious: [],
      },
      prefixes: [
        { prefix: 'core', entries: 8, bytes: 358 },
        { prefix: 'logical', entries: 1, bytes: 69 },
      ],
      versions: [],
    });
  });

  it('tells of a damaged one what came before the damage', async () => {
    const archive = buildArchive({ level: 0 });
    const { meta, members, state, sha256, damage } = await inspectArchive(inChunks(archive.subarray(0, 15 + 512 + 512 + 512 + 200)), 1);
    expect(meta).toMatchObject({ index: 42n });
    expect(members).toEqual(MEMBERS.slice(0, 1));
    expect(state?.entries).toBeGreaterThan(0);
    expect(sha256).toBeUndefined();
    expect(damage).toMatchObject({ code: 'archive_corrupt', check: 'gzip end' });
  });

  it('tells of one that is no archive that there is nothing in it', async () => {
    expect(await inspectArchive(inChunks(Buffer.from('not a gzip')), 1)).toMatchObject({
      meta: undefined,
      members: [],
      state: undefined,
      prefixes: [],
      damage: { check: 'gzip header' },
    });
  });
});
