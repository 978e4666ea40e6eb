import { expect, it } from 'vitest';
import { openS3Storage } from '../../../../src/storage/s3/storage.ts';
import { KEY, NEVER } from '../../../contract/storage-steps.ts';
import { startConnectProxy } from '../../../fakes/gcs/connect-proxy.ts';
import { depsFor } from '../../../real/s3-scene.ts';
import { loadText } from '../../config/load-text.ts';

const block = { s3_bucket: 'snaps', s3_region: 'eu-west-1', access_key_id: 'id', secret_access_key: 'key' };

/** Hosts that the driver wants to reach, as a proxy hears them that lets nobody through. */
async function hostsAsked(more: object, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const proxy = await startConnectProxy({});
  const { config } = await loadText({ vault_auth_method: 'token', token: 't', aws_storage: { ...block, ...more } }, env);
  const [destination] = config.destinations;
  if (destination?.kind !== 'aws') throw new Error('no destination');
  const storage = await openS3Storage(destination.settings, depsFor({ env: { HTTPS_PROXY: proxy.address } }));
  await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: expect.stringMatching(/^storage_/) });
  await storage.close();
  return [...new Set(proxy.asked)];
}

it.each([
  [{}, {}, 'snaps.s3.eu-west-1.amazonaws.com:443'],
  [{}, { AWS_ENDPOINT_URL: '' }, 'snaps.s3.eu-west-1.amazonaws.com:443'],
  [{ s3_endpoint: '' }, {}, 'snaps.s3.eu-west-1.amazonaws.com:443'],
  [{ s3_force_path_style: true }, {}, 's3.eu-west-1.amazonaws.com:443'],
  [{ s3_endpoint: 'https://store.test' }, {}, 'snaps.store.test:443'],
  [{ s3_endpoint: 'https://store.test:9000', s3_force_path_style: true }, {}, 'store.test:9000'],
  [{ s3_force_path_style: true }, { AWS_ENDPOINT_URL: 'https://env.test' }, 'env.test:443'],
])('finds the store with %j and %j at %s', async (more, env, host) => {
  expect(await hostsAsked(more, env)).toEqual([host]);
});
