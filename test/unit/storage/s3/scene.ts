import { SnapshotError } from '../../../../src/errors.ts';
import type { Storage } from '../../../../src/storage/contract.ts';
import type { S3Settings } from '../../../../src/storage/s3/config.ts';
import { openS3Storage, type S3Deps } from '../../../../src/storage/s3/storage.ts';
import { RecordingLog } from '../../../fakes/recording-log.ts';
import { FakeS3 } from '../../../fakes/s3/fake-s3.ts';
import { depsFor, settingsFor } from '../../../real/s3-scene.ts';

/** A store that can be told to misbehave, and what is opened to it. */
export class Scene {
  readonly server: FakeS3;
  readonly log = new RecordingLog();
  readonly #opened: Storage[] = [];

  private constructor(server: FakeS3) {
    this.server = server;
  }

  static async start(): Promise<Scene> {
    return new Scene(await FakeS3.start());
  }

  async open(settings: Partial<S3Settings> = {}, deps: Partial<S3Deps> = {}): Promise<Storage> {
    const account = { endpoint: this.server.endpoint, accessKeyId: 'id', secretAccessKey: 'secret' };
    const storage = await openS3Storage(settingsFor(account, 'bucket', settings), depsFor({ log: this.log, ...deps }));
    this.#opened.push(storage);
    return storage;
  }

  /** Takes anything for silence soon; only for servers that are silent for ever. */
  openImpatient(): Promise<Storage> {
    return this.open({}, { idleTimeoutMs: 300 });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#opened.map((storage) => storage.close()));
    await this.server.stop();
  }
}

export async function failureOf(work: Promise<unknown>): Promise<SnapshotError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SnapshotError) return error;
  throw new Error('it did not fail with an error of ours', { cause: error });
}
