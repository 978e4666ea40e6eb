import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { HostileFront } from '../fakes/azure/hostile-front.ts';
import { gcsScene } from '../fakes/gcs/scene.ts';
import { accountKey, openAzure } from '../real/azure-scene.ts';
import { Scene } from '../unit/storage/s3/scene.ts';
import { type Edit, edits, harm } from './edits.ts';
import { runs } from './runs.ts';

const PREFIX = keyPrefix('raft_snapshots');
const PAGES = 20;

interface Item {
  readonly name: string;
  readonly size: string;
  readonly time: string;
}

const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('raft_snapshots/a.snap', 'raft_snapshots/b.snap') },
  fc.string(),
  fc.constantFrom(
    'raft_snapshots/a.snap',
    'raft_snapshots/../x',
    'raft_snapshots/manifests/a.snap.json',
    'raft_snapshots//a',
    'other/a.snap',
    '%zz',
    '../../etc',
  ),
  fc.string({ maxLength: 20 }).map((text) => `raft_snapshots/${text}`),
);
const item: fc.Arbitrary<Item> = fc.record({
  name,
  size: fc.oneof(fc.nat().map(String), fc.constantFrom('-1', 'NaN', '1e400', '', '9007199254740993', '0x10', '1.5')),
  time: fc.constantFrom('2026-01-02T03:04:05.000Z', '', 'yesterday', '2026-13-45T99:99:99Z', '+275760-09-13T00:00:00.001Z'),
});
const page = fc.record({
  items: fc.array(item, { maxLength: 4 }),
  token: fc.constantFrom('', 'again', 'x'),
  harms: fc.option(edits, { nil: [] as readonly Edit[] }),
});

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function xmlOf({ items, token }: { readonly items: readonly Item[]; readonly token: string }): string {
  const contents = items.map((one) => `<Contents><Key>${escaped(one.name)}</Key><Size>${one.size}</Size><LastModified>${one.time}</LastModified></Contents>`);
  const next = token === '' ? '<IsTruncated>false</IsTruncated>' : `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;
  return `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>${next}${contents.join('')}</ListBucketResult>`;
}

function jsonOf({ items, token }: { readonly items: readonly Item[]; readonly token: string }): string {
  return JSON.stringify({ items: items.map((one) => ({ name: one.name, size: one.size, timeCreated: one.time })), nextPageToken: token });
}

/** Azure writes its times as HTTP does. */
function azureXmlOf({ items, token }: { readonly items: readonly Item[]; readonly token: string }): string {
  const timeOf = (time: string) => (Number.isNaN(Date.parse(time)) ? time : new Date(time).toUTCString());
  const blobs = items.map(
    ({ name, size, time }) =>
      `<Blob><Name>${escaped(name)}</Name><Properties><Last-Modified>${timeOf(time)}</Last-Modified><Content-Length>${size}</Content-Length></Properties></Blob>`,
  );
  return `<?xml version="1.0"?><EnumerationResults ContainerName="c"><Delimiter>/</Delimiter><Blobs>${blobs.join('')}</Blobs><NextMarker>${token}</NextMarker></EnumerationResults>`;
}

/** What a listing may give: objects that can be ours, or a failure that has a name. */
async function expectSound(storage: Storage): Promise<void> {
  try {
    for await (const { key, size, modifiedAt } of storage.list(PREFIX, new AbortController().signal)) {
      expect(key).toMatch(/^raft_snapshots\/[A-Za-z0-9_][A-Za-z0-9._=+@:-]*$/);
      expect({ key, isSize: Number.isSafeInteger(size) && size >= 0, isTime: !Number.isNaN(modifiedAt.getTime()) }).toEqual({
        key,
        isSize: true,
        isTime: true,
      });
    }
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    expect(error.code).not.toBe('internal');
  }
}

describe('a listing of S3 as no server should write it', () => {
  let scene: Scene;
  let storage: Storage;
  // What every answer still to come has, however many of the ones before were not asked for.
  let body: Buffer = Buffer.alloc(0);

  beforeAll(async () => {
    scene = await Scene.start();
    storage = await scene.open();
  });

  afterAll(async () => {
    await scene.stop();
  });

  it('gives objects that can be ours, or fails by name', async () => {
    await fc.assert(
      fc.asyncProperty(page, async (one) => {
        body = harm(Buffer.from(xmlOf(one)), one.harms);
        const answer = (_: unknown, response: ServerResponse) => void response.writeHead(200, { 'content-type': 'application/xml' }).end(body);
        scene.server.misbehave('list', ...Array.from({ length: PAGES }, () => answer));
        await expectSound(storage);
      }),
      runs(100),
    );
  });
});

describe('a listing of Google as no server should write it', () => {
  it('gives objects that can be ours, or fails by name', async () => {
    const { gcs, storage } = await gcsScene();
    let text = '';
    const fault = {
      kind: 'page',
      get text() {
        return text;
      },
    } as const;
    await fc.assert(
      fc.asyncProperty(page, async (one) => {
        text = harm(Buffer.from(jsonOf(one)), one.harms).toString();
        for (let nth = 0; nth < PAGES; nth++) gcs.inject('list', fault);
        await expectSound(storage);
      }),
      runs(100),
    );
  });
});

describe('a listing of Azure as no server should write it', () => {
  it('gives objects that can be ours, or fails by name', async () => {
    // Nothing is passed on to anybody.
    const front = await HostileFront.start('http://127.0.0.1:9/account');
    onTestFinished(() => front.close());
    const storage = await openAzure({ container: 'c', login: accountKey(front.endpoint) });
    let body = '';
    front.spoil = () => ({ kind: 'answer', status: 200, body });
    await fc.assert(
      fc.asyncProperty(page, async (one) => {
        body = harm(Buffer.from(azureXmlOf(one)), one.harms).toString();
        await expectSound(storage);
      }),
      runs(100),
    );
  });
});
