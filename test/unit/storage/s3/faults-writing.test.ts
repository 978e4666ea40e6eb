import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSecret, literalSecret } from '../../../../src/config/secret-source.ts';
import type { Storage } from '../../../../src/storage/contract.ts';
import { objectKey } from '../../../../src/storage/key.ts';
import { contentOf, KEY, NEVER, put } from '../../../contract/storage-steps.ts';
import type { RecordingLog } from '../../../fakes/recording-log.ts';
import { answerError, answerXml, cut, type FakeS3, loseAnswer, type Misdeed, type Operation, refuse, silence } from '../../../fakes/s3/fake-s3.ts';
import { failureOf, Scene } from './scene.ts';

let scene: Scene;
let server: FakeS3;
let storage: Storage;
let log: RecordingLog;

beforeEach(async () => {
  scene = await Scene.start();
  ({ server, log } = scene);
  storage = await scene.open();
});

afterEach(() => scene.stop());

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
    if (misdeed === silence) storage = await scene.openImpatient();
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
    const patient = await scene.open({}, { now });
    server.misbehave('create', refuse(503, 'SlowDown', 'wait', { 'Retry-After': header }));
    expect(await failureOf(patient.open(KEY, { size: 1 }, NEVER))).toMatchObject({ retryAfterMs });
  });

  it('is cleaned up though the first try to do so fails', async () => {
    server.misbehave('abort', refuse(503, 'SlowDown'));
    const pending = await storage.open(KEY, { size: 1 }, NEVER);
    expect(await failureOf(pending.abort())).toMatchObject({ code: 'storage_unavailable' });
    await pending.abort();
    expect(server.uploads.size).toBe(0);
  });

  it('is given up at once, though a part of it hangs', async () => {
    const patient = await scene.open({}, { idleTimeoutMs: 600_000 });
    server.misbehave('part', silence);
    const pending = await patient.open(KEY, { size: 1 }, NEVER);
    await pending.write(Buffer.alloc(9 * 1024 * 1024));
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

describe('an error', () => {
  it('is that of the secret when it cannot be read', async () => {
    const unreadable = await scene.open({ secret_access_key: fileSecret('/nowhere/key') });
    expect(await failureOf(unreadable.open(KEY, { size: 1 }, NEVER))).toMatchObject({ code: 'secret_unavailable', message: '/nowhere/key: ENOENT' });
  });

  it('tells the region a redirect names', async () => {
    server.misbehave('create', refuse(301, 'PermanentRedirect', 'elsewhere', { 'x-amz-bucket-region': 'eu-north-1' }));
    const error = await failureOf(storage.open(KEY, { size: 1 }, NEVER));
    expect(error.message).toContain('(the bucket lies in eu-north-1)');
    expect(error.advice).toContain('s3_region');
  });

  it.each(['authorization', 'x-amz-security-token'])('never tells the %s it was asked with, though the store repeats it', async (header) => {
    const signing = await scene.open({ session_token: literalSecret('SESSION'.repeat(30)) });
    // The end of it, which is what is secret, first.
    server.misbehave('create', ({ headers }, response) => answerError(response, 403, 'SignatureDoesNotMatch', String(headers[header]).slice(-200)));
    const error = await failureOf(signing.open(KEY, { size: 1 }, NEVER));
    const secret = String(server.asked[0]?.headers[header]).slice(-64);
    const shown = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), JSON.stringify(error.cause), error.stack].join('\n');
    expect(shown).toContain('[…]');
    expect(secret).toHaveLength(64);
    expect(shown).not.toContain(secret);
  });
});
