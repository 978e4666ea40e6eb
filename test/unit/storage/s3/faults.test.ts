import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { literalSecret } from '../../../../src/config/secret-source.ts';
import { SnapshotError } from '../../../../src/errors.ts';
import type { Storage } from '../../../../src/storage/contract.ts';
import { objectKey } from '../../../../src/storage/key.ts';
import type { S3Settings } from '../../../../src/storage/s3/config.ts';
import { openS3Storage } from '../../../../src/storage/s3/storage.ts';
import { contentOf, KEY, keysOf, NEVER, PREFIX, put } from '../../../contract/storage-steps.ts';
import { RecordingLog } from '../../../fakes/recording-log.ts';
import {
  answerError,
  answerXml,
  cut,
  describe as describeKey,
  FakeS3,
  loseAnswer,
  type Misdeed,
  type Operation,
  refuse,
  silence,
} from '../../../fakes/s3/fake-s3.ts';
import { depsFor, settingsFor } from '../../../real/s3-scene.ts';

let server: FakeS3;
let storage: Storage;
let log: RecordingLog;

beforeEach(async () => {
  server = await FakeS3.start();
  log = new RecordingLog();
  storage = await storageWith({});
});

afterEach(async () => {
  await storage.close();
  await server.stop();
});

function storageWith(settings: Partial<S3Settings>, idleTimeoutMs = 30_000): Promise<Storage> {
  const account = { endpoint: server.endpoint, accessKeyId: 'id', secretAccessKey: 'secret' };
  return openS3Storage(settingsFor(account, 'bucket', settings), depsFor({ idleTimeoutMs, log }));
}

/** Takes anything for silence soon; only for servers that are silent for ever. */
async function impatientStorage(): Promise<Storage> {
  await storage.close();
  return await storageWith({}, 300);
}

async function failureOf(work: Promise<unknown>): Promise<SnapshotError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SnapshotError) return error;
  throw new Error('it did not fail with an error of ours', { cause: error });
}

describe('an upload', () => {
  it.each<[string, Operation, Misdeed, string]>([
    ['a server that is busy', 'create', refuse(503, 'SlowDown'), 'storage_unavailable'],
    ['too many requests', 'part', refuse(429, 'TooManyRequests'), 'storage_unavailable'],
    ['a fault of the server', 'complete', refuse(500, 'InternalError'), 'storage_unavailable'],
    ['a refusal at the start', 'create', refuse(403, 'AccessDenied'), 'storage_denied'],
    ['a refusal in the middle', 'part', refuse(403, 'AccessDenied'), 'storage_denied'],
    ['credentials that expire on the way', 'part', refuse(400, 'ExpiredToken'), 'storage_denied'],
    ['a clock that is wrong', 'create', refuse(403, 'RequestTimeTooSkewed'), 'storage_denied'],
    ['a bucket that is missing', 'create', refuse(404, 'NoSuchBucket'), 'storage_misconfigured'],
    ['a region that is wrong', 'create', refuse(301, 'PermanentRedirect'), 'storage_misconfigured'],
    ['something the store lacks', 'create', refuse(501, 'NotImplemented'), 'storage_misconfigured'],
    ['an upload that somebody ended', 'complete', refuse(404, 'NoSuchUpload'), 'storage_unavailable'],
    ['a full store', 'part', refuse(507, 'XMinioStorageFull'), 'storage_no_space'],
    ['a quota', 'part', refuse(403, 'QuotaExceeded'), 'storage_no_space'],
    ['bytes that were turned on the way', 'part', refuse(400, 'BadDigest'), 'storage_mismatch'],
    ['an object that is there', 'complete', refuse(412, 'PreconditionFailed'), 'storage_exists'],
    ['a cut connection', 'part', cut, 'storage_unavailable'],
    ['a silent server', 'part', silence, 'storage_unavailable'],
    ['silence at the commit', 'complete', silence, 'storage_unavailable'],
    [
      'a page of a proxy',
      'create',
      (_, response) => void response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>bad gateway</html>'),
      'storage_unavailable',
    ],
    [
      'a page of a portal',
      'create',
      (_, response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>hello</html>'),
      'storage_failed',
    ],
  ])('ends with the right code on %s, and leaves nothing', async (_, operation, misdeed, code) => {
    server.misbehave(operation, misdeed);
    if (misdeed === silence) storage = await impatientStorage();
    expect(await failureOf(put(storage, KEY, Buffer.from('snapshot')))).toMatchObject({ code });
    expect([...server.objects.keys(), ...server.uploads.keys()]).toEqual([]);
  });

  it('takes a commit that fails behind a status of 200 for failed', async () => {
    server.misbehave('complete', (_, response) => answerXml(response, '<Error><Code>InternalError</Code><Message>no</Message></Error>'));
    expect(await failureOf(put(storage, KEY, Buffer.from('snapshot')))).toMatchObject({ code: 'storage_unavailable' });
    expect(server.objects.size).toBe(0);
  });

  it('can be told from what is there when the answer to the commit was lost', async () => {
    server.misbehave('complete', loseAnswer);
    expect(await failureOf(put(storage, KEY, Buffer.from('snapshot')))).toMatchObject({ code: 'storage_unavailable', isRetryable: true });
    expect(await contentOf(storage)).toEqual(Buffer.from('snapshot'));
  });

  it('that lost a race to a conflict finds the winner there', async () => {
    server.misbehave('complete', (_, response) => {
      server.objects.set(KEY, { bytes: Buffer.from('winner'), metadata: '' });
      answerError(response, 409, 'ConditionalRequestConflict');
    });
    expect(await failureOf(put(storage, KEY, Buffer.from('loser')))).toMatchObject({ code: 'storage_exists' });
  });

  it('is worth another try after a conflict that nobody won', async () => {
    server.misbehave('complete', refuse(409, 'ConditionalRequestConflict'));
    expect(await failureOf(put(storage, KEY, Buffer.from('alone')))).toMatchObject({ code: 'storage_unavailable' });
  });

  it('repeats nothing by itself', async () => {
    server.misbehave('create', refuse(503, 'SlowDown'));
    await failureOf(put(storage, KEY, Buffer.from('snapshot')));
    expect(server.operations()).toEqual(['create']);
  });

  it.each([
    ['7', 7_000],
    ['Sat, 21 Nov 2026 10:00:30 GMT', 30_000],
    ['soon', 0],
  ])('hands on that the store wants a pause of %s', async (header, retryAfterMs) => {
    const now = () => new Date('2026-11-21T10:00:00Z');
    const account = { endpoint: server.endpoint, accessKeyId: 'id', secretAccessKey: 'secret' };
    const patient = await openS3Storage(settingsFor(account, 'bucket'), depsFor({ now }));
    server.misbehave('create', refuse(503, 'SlowDown', 'wait', { 'Retry-After': header }));
    expect(await failureOf(patient.open(KEY, { size: 1 }, NEVER))).toMatchObject({ retryAfterMs });
    await patient.close();
  });

  it('is cleaned up though the first try to do so fails', async () => {
    server.misbehave('abort', refuse(503, 'SlowDown'));
    const pending = await storage.open(KEY, { size: 1 }, NEVER);
    expect(await failureOf(pending.abort())).toMatchObject({ code: 'storage_unavailable' });
    await pending.abort();
    expect(server.uploads.size).toBe(0);
  });

  it('ends while the server takes no byte any more, and is cleaned up', async () => {
    const stop = new AbortController();
    server.misbehave('part', silence);
    const pending = await storage.open(KEY, { size: 1 }, stop.signal);
    await pending.write(Buffer.from('snapshot'));
    const commit = failureOf(pending.commit());
    stop.abort();
    expect(await commit).toMatchObject({ code: 'stopped' });
    await pending.abort();
    expect(server.uploads.size).toBe(0);
  });
});

describe('conditions of the store', () => {
  it('are tried once, on the first small object, and leave nothing of it', async () => {
    await put(storage, KEY, Buffer.from('first'));
    await put(storage, objectKey('snapshots/next.snap'), Buffer.from('next'));
    expect(server.operations()).toEqual(['create', 'part', 'head', 'complete', 'create', 'part', 'complete', 'abort', 'create', 'part', 'head', 'complete']);
    expect(server.uploads.size).toBe(0);
    expect(log.lines).toEqual([]);
  });

  it('are said in the log, once, to be ignored', async () => {
    server.honoursConditions = false;
    await put(storage, KEY, Buffer.from('first'));
    await put(storage, objectKey('snapshots/next.snap'), Buffer.from('next'));
    expect(log.of('storage_unconditional')).toMatchObject([{ level: 'warn', fields: { destination: 'store' } }]);
    expect(await contentOf(storage)).toEqual(Buffer.from('first'));
  });

  it('are replaced, where they are ignored, by a look before the commit', async () => {
    server.honoursConditions = false;
    await put(storage, KEY, Buffer.from('first'));
    expect(await failureOf(put(storage, KEY, Buffer.from('second')))).toMatchObject({ code: 'storage_exists' });
    expect(await contentOf(storage)).toEqual(Buffer.from('first'));
  });

  it('are tried again with the next object when the first try could not tell', async () => {
    server.misbehave('create', (_, __, usual) => usual(), refuse(503, 'SlowDown'));
    server.honoursConditions = false;
    await put(storage, KEY, Buffer.from('first'));
    expect(log.lines).toEqual([]);
    await put(storage, objectKey('snapshots/next.snap'), Buffer.from('next'));
    expect(log.of('storage_unconditional')).toHaveLength(1);
  });

  it('are not tried with a large object', async () => {
    await put(storage, KEY, Buffer.alloc(100_000));
    expect(server.operations()).toEqual(['create', 'part', 'head', 'complete']);
  });
});

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
    storage = await impatientStorage();
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
    storage = await impatientStorage();
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
    const summing = await storageWith({ s3_checksum });
    const content = Buffer.alloc(20 * 1024 * 1024, 'snapshot');
    const written = await put(summing, KEY, content);
    expect(await summing.stat(KEY, NEVER)).toMatchObject({ size: content.length, checksum: written.checksum });
    const { bytes, metadata } = server.objects.get(KEY)!;
    bytes.writeUInt8(1, 11 * 1024 * 1024);
    server.objects.set(KEY, { bytes, metadata });
    expect((await summing.stat(KEY, NEVER))?.checksum).not.toBe(written.checksum);
    await summing.close();
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
    const account = { endpoint: server.endpoint, accessKeyId: 'id', secretAccessKey: 'secret' };
    const sweeping = await openS3Storage(settingsFor(account, 'bucket'), depsFor({ now: () => new Date('2026-11-21T00:00:00Z') }));
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
    await sweeping.close();
  });

  it('does not go on for ever over a page that repeats', async () => {
    const page: Misdeed = (_, response) =>
      answerXml(response, '<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker></ListMultipartUploadsResult>');
    server.misbehave('uploads', page, page, page);
    expect(await failureOf(storage.sweep(PREFIX, NEVER))).toMatchObject({ code: 'storage_failed' });
  });
});

describe('an error', () => {
  it('tells the region a redirect names', async () => {
    server.misbehave('create', refuse(301, 'PermanentRedirect', 'elsewhere', { 'x-amz-bucket-region': 'eu-north-1' }));
    const error = await failureOf(storage.open(KEY, { size: 1 }, NEVER));
    expect(error.message).toContain('(the bucket lies in eu-north-1)');
    expect(error.advice).toContain('s3_region');
  });

  it('never tells what the request was signed with', async () => {
    const token = 'SESSION'.repeat(30);
    const signing = await storageWith({ session_token: literalSecret(token) });
    server.misbehave('create', ({ headers }, response) => answerError(response, 403, 'SignatureDoesNotMatch', JSON.stringify(headers).replaceAll('"', '')));
    const error = await failureOf(signing.open(objectKey('snapshots/a.snap'), { size: 1 }, NEVER));
    const [asked] = server.asked;
    const signature = /Signature=([0-9a-f]+)/.exec(String(asked?.headers.authorization))?.[1] ?? 'unsigned';
    expect(asked?.headers['x-amz-security-token']).toBe(token);
    const shown = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), JSON.stringify(error.cause), error.stack].join('\n');
    expect(signature).toHaveLength(64);
    expect(shown).not.toContain(signature);
    expect(shown).not.toContain('SESSIONSESSION');
    await signing.close();
  });
});
