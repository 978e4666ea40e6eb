import { randomBytes } from 'node:crypto';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { openGcsStorage } from '../../src/storage/gcs/storage.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { PartBudget } from '../../src/storage/part-writer.ts';
import { openS3Storage } from '../../src/storage/s3/storage.ts';
import { NEVER } from '../contract/storage-steps.ts';
import { AZURITE_ACCOUNT, AZURITE_KEY, type Azurite, startAzurite } from '../servers/azurite.ts';
import { type FakeGcs, startFakeGcs } from '../servers/fake-gcs.ts';
import { startMinio } from '../servers/minio.ts';
import { adminClient, makeBucket, type S3Server } from '../servers/s3-server.ts';
import { startVersitygw } from '../servers/versitygw.ts';
import type { Settings } from '../system/scene.ts';
import { accountKey, openAzure } from './azure-scene.ts';
import type { Place } from './places.ts';
import { depsFor, newBucket, settingsFor } from './s3-scene.ts';
import { StoreFront } from './store-front.ts';

export const FOLDER = 'snapshots';
export const STORE_NAMES = ['minio', 'versitygw', 'gcs', 'azurite'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

export interface StorePlace extends Place {
  readonly name: StoreName;
  readonly front: StoreFront;
  /** A login that the store itself refuses; where it knows no accounts, the front has to. */
  readonly wrongLogin: Settings | undefined;
}

interface Servers {
  readonly minio: S3Server;
  readonly versitygw: S3Server;
  readonly gcs: FakeGcs;
  readonly azurite: Azurite;
}

/** All the stores there are, on loopback. */
export class Stores {
  readonly #servers: Servers;

  private constructor(servers: Servers) {
    this.#servers = servers;
  }

  static async start(): Promise<Stores> {
    const [minio, versitygw, gcs, azurite] = await Promise.all([startMinio(), startVersitygw(), startFakeGcs(), startAzurite()]);
    return new Stores({ minio, versitygw, gcs, azurite });
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#servers).map((server) => server.stop()));
  }

  /** Empty, with a front of its own, until the end of the test. */
  async newPlace(name: StoreName): Promise<StorePlace> {
    const place = await this.#make(name);
    onTestFinished(async () => {
      place.front.vanish();
      await place.storage.close();
    });
    return place;
  }

  async #make(name: StoreName): Promise<StorePlace> {
    if (name === 'gcs') return await this.#newGcs();
    return name === 'azurite' ? await this.#newAzurite() : await this.#newS3(name, this.#servers[name]);
  }

  /** Keys of uploads that somebody began and nobody ended. MinIO tells only those of one whole key. */
  async unfinished(place: StorePlace, keys: readonly string[]): Promise<readonly string[]> {
    if (place.name !== 'minio' && place.name !== 'versitygw') return [];
    const admin = adminClient(this.#servers[place.name]);
    try {
      const prefixes = place.name === 'minio' ? keys : [FOLDER];
      const pages = prefixes.map((Prefix) => admin.send(new ListMultipartUploadsCommand({ Bucket: String(place.settings.s3_bucket), Prefix })));
      return (await Promise.all(pages)).flatMap(({ Uploads = [] }) => Uploads.map(({ Key = '' }) => Key));
    } finally {
      admin.destroy();
    }
  }

  /** What a start of the program would remove there two days from now. */
  async sweepLater(place: StorePlace): Promise<readonly string[]> {
    if (place.name !== 'versitygw') return await place.storage.sweep(keyPrefix(FOLDER), NEVER);
    const now = () => new Date(Date.now() + 2 * 86_400_000);
    const later = await openS3Storage(settingsFor(this.#servers.versitygw, String(place.settings.s3_bucket)), depsFor({ now }));
    onTestFinished(() => later.close());
    return await later.sweep(keyPrefix(FOLDER), NEVER);
  }

  async #newS3(name: 'minio' | 'versitygw', server: S3Server): Promise<StorePlace> {
    const [bucket, front] = [newBucket(), await StoreFront.start('aws', server.endpoint)];
    await makeBucket(server, bucket);
    const login = { access_key_id: server.accessKeyId, secret_access_key: server.secretAccessKey };
    const settings = { name, s3_bucket: bucket, s3_endpoint: front.address, s3_key_prefix: FOLDER, s3_force_path_style: true, ...login };
    const storage = await openS3Storage(settingsFor(server, bucket), depsFor());
    return { name, block: 'aws_storage', settings, prefix: FOLDER, storage, front, wrongLogin: { secret_access_key: 'not the secret of this key' } };
  }

  async #newGcs(): Promise<StorePlace> {
    const { gcs } = this.#servers;
    const [bucket, front] = [newBucket(), await StoreFront.start('gcp', gcs.endpoint)];
    await gcs.createBucket(bucket);
    const settings = { name: 'gcs', bucket, prefix: FOLDER, endpoint: front.address, anonymous: true };
    const none = { caCertFile: undefined, kmsKey: undefined, storageClass: undefined, userProject: undefined };
    const storage = await openGcsStorage(
      { bucket, prefix: keyPrefix(FOLDER), login: { method: 'anonymous' }, endpoint: gcs.endpoint, ...none },
      { name: 'gcs', env: {}, budget: new PartBudget(0), now: () => new Date() },
    );
    return { name: 'gcs', block: 'google_storage', settings, prefix: FOLDER, storage, front, wrongLogin: undefined };
  }

  async #newAzurite(): Promise<StorePlace> {
    const { azurite } = this.#servers;
    const front = await StoreFront.start('azure', azurite.endpoint);
    const container = await azurite.newContainer();
    const login = { account_name: AZURITE_ACCOUNT, account_key: AZURITE_KEY };
    const settings = { name: 'azurite', container_name: container, prefix: FOLDER, endpoint: front.address, ...login };
    const storage = await openAzure({ container, login: accountKey(azurite.endpoint) });
    return {
      name: 'azurite',
      block: 'azure_storage',
      settings,
      prefix: FOLDER,
      storage,
      front,
      wrongLogin: { account_key: randomBytes(64).toString('base64') },
    };
  }
}
