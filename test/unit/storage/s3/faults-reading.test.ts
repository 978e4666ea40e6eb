import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Storage } from '../../../../src/storage/contract.ts';
import { contentOf, KEY, keysOf, NEVER, PREFIX, put } from '../../../contract/storage-steps.ts';
import { answerXml, describe as describeKey, type FakeS3, type Misdeed, refuse, silence } from '../../../fakes/s3/fake-s3.ts';
import { failureOf, Scene } from './scene.ts';

let scene: Scene;
let server: FakeS3;
let storage: Storage;

beforeEach(async () => {
  scene = await Scene.start();
  ({ server } = scene);
  storage = await scene.open();
});

afterEach(() => scene.stop());

describe('a listing', () => {
  it('ends when the server gives the same page again', async () => {
    const page: Misdeed = (_, response) =>
      answerXml(
        response,
        `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>${describeKey(KEY)}</ListBucketResult>`,
      );
    server.misbehave('list', page, page, page);
    expect(await failureOf(keysOf(storage))).toMatchObject({ code: 'storage_failed', message: 's3: bucket: the listing repeats itself' });
  });

  it('ends when the pages turn in a circle under new names', async () => {
    let page = 0;
    const turn: Misdeed = (_, response) =>
      answerXml(
        response,
        `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${++page}</NextContinuationToken>${describeKey(KEY)}</ListBucketResult>`,
      );
    server.misbehave('list', turn, turn, turn);
    expect(await failureOf(keysOf(storage))).toMatchObject({ code: 'storage_failed' });
  });

  it('is an error when it breaks off, not the end', async () => {
    server.misbehave('list', (_, response) => answerXml(response, `<ListBucketResult><IsTruncated>true</IsTruncated>${describeKey(KEY)}</ListBucketResult>`));
    expect(await failureOf(keysOf(storage))).toMatchObject({ code: 'storage_failed' });
  });

  it('gives up on a server that does not answer', async () => {
    server.misbehave('list', silence);
    storage = await scene.openImpatient();
    expect(await failureOf(keysOf(storage))).toMatchObject({ code: 'storage_unavailable' });
  });

  it('passes over keys that cannot be ours', async () => {
    const told = ['snapshots%2F', 'snapshots%2F.hidden', 'snapshots%2Fgood.snap', 'snapshots%2Fwith+space.snap', 'snapshots%2F%C3%BC.snap', 'snapshots%2F%FF'];
    server.misbehave('list', (_, response) =>
      answerXml(
        response,
        `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${told.map(describeKey).join('')}</ListBucketResult>`,
      ),
    );
    expect(await keysOf(storage)).toEqual(['snapshots/good.snap']);
  });
});

describe('what is read', () => {
  it('is an error when the body stalls', async () => {
    storage = await scene.openImpatient();
    server.misbehave('get', (_, response) => void response.writeHead(200, { 'Content-Length': '10' }).write('half'));
    expect(await failureOf(contentOf(storage))).toMatchObject({ code: 'storage_unavailable' });
  });

  it('is an error when the body is cut', async () => {
    server.misbehave('get', (_, response) => {
      response.writeHead(200, { 'Content-Length': '10' }).write('half', () => response.socket?.destroy());
    });
    expect(await failureOf(contentOf(storage))).toMatchObject({ code: 'storage_unavailable' });
  });

  it('is said to be cold when it must be thawed first', async () => {
    server.misbehave('get', refuse(403, 'InvalidObjectState'));
    expect(await failureOf(contentOf(storage))).toMatchObject({ code: 'object_cold' });
  });

  it('ends at the signal', async () => {
    const stop = new AbortController();
    server.misbehave('get', (_, response) => void response.writeHead(200, { 'Content-Length': '10' }).write('half'));
    const reading = (async () => {
      for await (const chunk of storage.read(KEY, stop.signal)) if (chunk.length > 0) stop.abort();
    })();
    expect(await failureOf(reading)).toMatchObject({ code: 'stopped' });
  });
});

describe('what is found there', () => {
  it('shows a size that differs from what was written', async () => {
    const written = await put(storage, KEY, Buffer.from('snapshot'));
    server.misbehave('head', (_, response) => void response.writeHead(200, { 'Content-Length': '7' }).end());
    expect((await storage.stat(KEY, NEVER))?.size).not.toBe(written.size);
  });

  it('shows a sum that differs from what was written', async () => {
    const written = await put(storage, KEY, Buffer.from('snapshot'));
    const wrong = `${Buffer.alloc(32).toString('base64')}-1`;
    server.misbehave('head', (_, response) => void response.writeHead(200, { 'Content-Length': '8', 'x-amz-checksum-sha256': wrong }).end());
    expect((await storage.stat(KEY, NEVER))?.checksum).toBe(`sha256parts:${'00'.repeat(32)}`);
    expect(written.checksum).not.toBe(`sha256parts:${'00'.repeat(32)}`);
  });

  it.each(['SHA256', 'CRC64NVME', 'off'] as const)('is read and summed up where the store keeps no sum (%s)', async (s3_checksum) => {
    const summing = await scene.open({ s3_checksum });
    const content = Buffer.alloc(20 * 1024 * 1024, 'snapshot');
    const written = await put(summing, KEY, content);
    expect(await summing.stat(KEY, NEVER)).toMatchObject({ size: content.length, checksum: written.checksum });
    const { bytes, metadata } = server.objects.get(KEY)!;
    bytes.writeUInt8(1, 11 * 1024 * 1024);
    server.objects.set(KEY, { bytes, metadata });
    expect((await summing.stat(KEY, NEVER))?.checksum).not.toBe(written.checksum);
  });

  it('of somebody else is summed up as a whole', async () => {
    server.objects.set(KEY, { bytes: Buffer.from('abc'), metadata: '' });
    expect(await storage.stat(KEY, NEVER)).toMatchObject({ checksum: 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' });
  });
});

describe('a delete', () => {
  it('is refused as locked, and not as denied, when the object is', async () => {
    server.misbehave('delete', refuse(403, 'AccessDenied'));
    server.misbehave('head', (_, response) => {
      response.writeHead(200, { 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-retain-until-date': '2999-01-01T00:00:00Z' }).end();
    });
    expect(await failureOf(storage.delete(KEY, NEVER))).toMatchObject({
      code: 'storage_locked',
      message: `s3: bucket: ${KEY}: is locked until 2999-01-01T00:00:00.000Z`,
    });
  });

  it('is denied when nothing is locked', async () => {
    server.objects.set(KEY, { bytes: Buffer.from('abc'), metadata: '' });
    server.misbehave('delete', refuse(403, 'AccessDenied'));
    expect(await failureOf(storage.delete(KEY, NEVER))).toMatchObject({ code: 'storage_denied' });
  });
});

describe('a sweep', () => {
  const upload = (key: string, initiated: string) => `<Upload><Key>${key}</Key><UploadId>id-of-${key}</UploadId><Initiated>${initiated}</Initiated></Upload>`;

  it('ends what is ours and older than a day, and nothing else', async () => {
    const old = '2026-11-01T00:00:00Z';
    const sweeping = await scene.open({}, { now: () => new Date('2026-11-21T00:00:00Z') });
    const found = [
      upload('snapshots/alive.snap', '2026-11-20T00:00:01Z'),
      upload('snapshots/deep/own.snap', old),
      upload('snapshots/manifests/own.snap.json', old),
      upload('snapshots/own.snap', old),
      upload('snapshots/report.pdf', old),
    ];
    server.misbehave('uploads', (_, response) =>
      answerXml(response, `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${found.join('')}</ListMultipartUploadsResult>`),
    );
    expect(await sweeping.sweep(PREFIX, NEVER)).toEqual(['s3://bucket/snapshots/manifests/own.snap.json', 's3://bucket/snapshots/own.snap']);
    expect(server.asked.filter(({ operation }) => operation === 'abort').map(({ key }) => key)).toEqual([
      'snapshots/manifests/own.snap.json',
      'snapshots/own.snap',
    ]);
  });

  it('does not go on for ever over a page that repeats', async () => {
    const page: Misdeed = (_, response) =>
      answerXml(response, '<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker></ListMultipartUploadsResult>');
    server.misbehave('uploads', page, page, page);
    expect(await failureOf(storage.sweep(PREFIX, NEVER))).toMatchObject({ code: 'storage_failed' });
  });
});
