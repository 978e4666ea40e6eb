import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { ServerChild } from './child.ts';
import { until } from './wait.ts';

/** A real store that speaks S3, over an empty directory of its own. */
export interface S3Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly child: ServerChild;
  stop(): Promise<void>;
}

/** Asks as nobody else: for what the tests do behind the back of the driver. */
export function adminClient({ endpoint, accessKeyId, secretAccessKey }: S3Server): S3Client {
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
}

export async function makeBucket(server: S3Server, bucket: string, options: { readonly hasLocks?: boolean } = {}): Promise<void> {
  const client = adminClient(server);
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: options.hasLocks ?? false }));
  } finally {
    client.destroy();
  }
}

export async function untilServing(name: string, child: ServerChild, logFile: string, ask: () => Promise<{ readonly status: number }>): Promise<void> {
  await until(`${name} to answer, see ${logFile}`, async () => !child.isRunning || (await ask()).status < 500);
  if (!child.isRunning) throw new Error(`${name} ended at its start, see ${logFile}`);
}
