import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ContainerSASPermissions } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { literalSecret } from '../../src/config/secret-source.ts';
import type { AzureLogin, AzureSettings } from '../../src/storage/azure/config.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { contentOf, KEY, keysOf, NEVER, PREFIX, put } from '../contract/storage-steps.ts';
import { HostileFront } from '../fakes/azure/hostile-front.ts';
import { type Azurite, startAzurite } from '../servers/azurite.ts';
import { Authority, type Certificate } from '../servers/certificates.ts';
import { accountKey, openAzure } from './azure-scene.ts';

const SNAP = Buffer.from('a snapshot');

describe('azure, as to how blobs are kept,', () => {
  let authority: Authority;
  let certificate: Certificate;
  let plain: Azurite;
  let container: string;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'azure-keeping-'));
    authority = await Authority.create(directory);
    certificate = await authority.issue('server', { usage: 'server', names: ['IP:127.0.0.1'] });
    plain = await startAzurite();
  });

  afterAll(async () => {
    await plain.stop();
    await rm(directory, { recursive: true });
  });

  beforeEach(async () => {
    container = await plain.newContainer();
  });

  it('shows nothing of an upload whose process was killed, and uploads the key again over its blocks', async () => {
    const storage = await openAzure({ container, login: accountKey(plain.endpoint) });
    const left = await storage.open(KEY, { size: 1 }, NEVER);
    for (let part = 0; part < 3; part++) await left.write(Buffer.alloc(8 * 1024 * 1024, part));
    expect(await keysOf(storage)).toEqual([]);
    expect(await storage.sweep(PREFIX, NEVER)).toEqual([]);
    await put(storage, KEY, SNAP);
    expect(await contentOf(storage)).toEqual(SNAP);
  });

  it('sums a blob up itself that somebody put there without a sum', async () => {
    const storage = await openAzure({ container, login: accountKey(plain.endpoint) });
    const blob = plain.service.getContainerClient(container).getBlockBlobClient(KEY);
    await blob.stageBlock('AAAA', 'foreign', 7);
    await blob.commitBlockList(['AAAA']);
    expect((await blob.getProperties()).contentMD5).toBeUndefined();
    expect(await storage.stat(KEY, NEVER)).toMatchObject({ size: 7, checksum: 'md5:684a72e08f24f55b1138edd5a7c2b53e' });
  });

  it('takes a directory of a hierarchical account for no object', async () => {
    const storage = await openAzure({ container, login: accountKey(plain.endpoint) });
    const blob = plain.service.getContainerClient(container).getBlockBlobClient(KEY);
    await blob.upload('', 0, { metadata: { hdi_isfolder: 'true' } });
    expect(await storage.stat(KEY, NEVER)).toBeUndefined();
    await expect(contentOf(storage)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('does not list names that no key can have', async () => {
    const storage = await openAzure({ container, login: accountKey(plain.endpoint) });
    const client = plain.service.getContainerClient(container);
    for (const name of ['snapshots/.hidden', 'snapshots/with space.snap', 'snapshots/fine.snap']) await client.getBlockBlobClient(name).upload('x', 1);
    expect(await keysOf(storage)).toEqual(['snapshots/fine.snap']);
  });

  it('tells a snapshot of somebody that keeps a blob from being deleted, on the real thing', async () => {
    const storage = await openAzure({ container, login: accountKey(plain.endpoint) });
    await put(storage, KEY, Buffer.from('kept'));
    await plain.service.getContainerClient(container).getBlobClient(KEY).createSnapshot();
    await expect(storage.delete(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_locked' });
  });

  it('asks for the tier that is wanted', async () => {
    await put(await openAzure({ container, login: accountKey(plain.endpoint), accessTier: 'Cool' }), KEY, SNAP);
    const { accessTier } = await plain.service.getContainerClient(container).getBlobClient(KEY).getProperties();
    expect(accessTier).toBe('Cool');
  });

  describe('in front of a server that can encrypt', () => {
    const KEY_HEADERS = ['x-ms-encryption-key', 'x-ms-encryption-key-sha256', 'x-ms-encryption-algorithm'];
    const OWN_KEY = Buffer.alloc(32, 5).toString('base64');

    async function encrypting(change: Partial<AzureSettings>): Promise<{ readonly front: HostileFront; readonly storage: Storage }> {
      const tls = { cert: await readFile(certificate.certFile), key: await readFile(certificate.keyFile) };
      const front = await HostileFront.start(plain.endpoint, { tls, unknownHeaders: [...KEY_HEADERS, 'x-ms-encryption-scope'] });
      onTestFinished(() => front.close());
      const permissions = ContainerSASPermissions.parse('rcwdl');
      const url = await plain.service.getContainerClient(container).generateSasUrl({ permissions, expiresOn: new Date(Date.now() + 3_600_000) });
      // A signature in the address covers no headers, so that the front may take some away.
      const login: AzureLogin = { method: 'sas_token', endpoint: front.endpoint, token: literalSecret(new URL(url).search) };
      return { front, storage: await openAzure({ container, login, caCertFile: authority.caFile, ...change }) };
    }

    it('sends its own key with everything that writes or reads a blob', async () => {
      const { front, storage } = await encrypting({ customerKey: literalSecret(OWN_KEY) });
      await put(storage, KEY, SNAP);
      await storage.stat(KEY, NEVER);
      await contentOf(storage);
      expect(front.asked.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'HEAD', 'GET']);
      for (const { headers } of front.asked) {
        expect(headers['x-ms-encryption-key']).toBe(OWN_KEY);
        expect(headers['x-ms-encryption-key-sha256']).toBe('+EnWcyX6zwQXe8ZjstxUQFGDHFie9YHUEvLrpEg053w=');
      }
    });

    it('names the scope with everything it writes', async () => {
      const { front, storage } = await encrypting({ encryptionScope: 'of-the-vault' });
      await put(storage, KEY, SNAP);
      expect(front.asked.map(({ headers }) => headers['x-ms-encryption-scope'])).toEqual(['of-the-vault', 'of-the-vault']);
    });

    it('refuses a key that is no key, and does not show it', async () => {
      const { storage } = await encrypting({ customerKey: literalSecret('dG9vIHNob3J0') });
      const error: unknown = await storage.stat(KEY, NEVER).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'storage_misconfigured' });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('dG9vIHNob3J0');
    });
  });
});
