import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Storage } from '../../../../src/storage/contract.ts';
import { KEY, NEVER } from '../../../contract/storage-steps.ts';
import { type FakeS3, type Misdeed, refuse } from '../../../fakes/s3/fake-s3.ts';
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

const lies = (headers: Readonly<Record<string, string>>): Misdeed => {
  return (_, response) => void response.writeHead(200, { 'Content-Length': '7', 'Last-Modified': 'Sat, 21 Nov 2026 09:00:00 GMT', ...headers }).end();
};
const accept: Misdeed = (_, response) => void response.writeHead(202).end();
const thaw = () => storage.thaw!(KEY, NEVER);
const asked = () =>
  server.asked.filter(({ operation }) => operation === 'restore').map(({ body }) => /<RestoreRequest[^>]*>(.*)<\/RestoreRequest>/.exec(`${body}`)?.[1]);

const FAST = '<Days>7</Days><GlacierJobParameters><Tier>Expedited</Tier></GlacierJobParameters>';
const SLOW = '<Days>7</Days><GlacierJobParameters><Tier>Standard</Tier></GlacierJobParameters>';

describe('an object in an archive class', () => {
  it.each([
    { headers: { 'x-amz-storage-class': 'GLACIER' }, request: FAST, takes: 'minutes as a rule, up to 5 hours' },
    { headers: { 'x-amz-storage-class': 'DEEP_ARCHIVE' }, request: SLOW, takes: 'up to 12 hours' },
    {
      headers: { 'x-amz-storage-class': 'INTELLIGENT_TIERING', 'x-amz-archive-status': 'ARCHIVE_ACCESS' },
      request: '<GlacierJobParameters><Tier>Expedited</Tier></GlacierJobParameters>',
      takes: 'minutes as a rule, up to 5 hours',
    },
    {
      headers: { 'x-amz-storage-class': 'INTELLIGENT_TIERING', 'x-amz-archive-status': 'DEEP_ARCHIVE_ACCESS' },
      request: '<GlacierJobParameters><Tier>Standard</Tier></GlacierJobParameters>',
      takes: 'up to 12 hours',
    },
  ])('is asked for as fast as $headers goes', async ({ headers, request, takes }) => {
    server.misbehave('head', lies(headers));
    server.misbehave('restore', accept);
    expect(await thaw()).toEqual({ isWarm: false, takes });
    expect(asked()).toEqual([request]);
  });

  it.each([
    { headers: { 'x-amz-storage-class': 'STANDARD' } },
    { headers: { 'x-amz-storage-class': 'GLACIER_IR' } },
    { headers: { 'x-amz-storage-class': 'GLACIER', 'x-amz-restore': 'ongoing-request="false", expiry-date="Sat, 28 Nov 2026 00:00:00 GMT"' } },
  ])('is not asked for where it can be read: $headers', async ({ headers }) => {
    server.misbehave('head', lies(headers));
    expect(await thaw()).toEqual({ isWarm: true });
    expect(asked()).toEqual([]);
  });

  it('is not asked for twice', async () => {
    server.misbehave('head', lies({ 'x-amz-storage-class': 'DEEP_ARCHIVE', 'x-amz-restore': 'ongoing-request="true"' }));
    expect(await thaw()).toEqual({ isWarm: false, takes: 'up to 12 hours' });
    expect(asked()).toEqual([]);
  });

  it('is on its way where somebody else was quicker', async () => {
    server.misbehave('head', lies({ 'x-amz-storage-class': 'GLACIER' }));
    server.misbehave('restore', refuse(409, 'RestoreAlreadyInProgress'));
    expect(await thaw()).toMatchObject({ isWarm: false });
    expect(asked()).toHaveLength(1);
  });

  it('is asked for more slowly where S3 has no room for the fast way', async () => {
    server.misbehave('head', lies({ 'x-amz-storage-class': 'GLACIER' }));
    server.misbehave('restore', refuse(503, 'GlacierExpeditedRetrievalNotAvailable'), accept);
    expect(await thaw()).toMatchObject({ isWarm: false });
    expect(asked()).toEqual([FAST, SLOW]);
  });

  it('names the right that is missing', async () => {
    server.misbehave('head', lies({ 'x-amz-storage-class': 'GLACIER' }));
    server.misbehave('restore', refuse(403, 'AccessDenied'));
    expect(await failureOf(thaw())).toMatchObject({ code: 'storage_denied', advice: expect.stringContaining('s3:RestoreObject') });
    expect(asked()).toHaveLength(1);
  });

  it('is told where it is gone', async () => {
    expect(await failureOf(thaw())).toMatchObject({ code: 'not_found' });
  });
});
