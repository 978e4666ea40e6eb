import type { S3Client } from '@aws-sdk/client-s3';
import { abortReason } from '../../errors.ts';
import { toS3Error } from './errors.ts';

/** One bucket, and the one way to ask it for something. */
export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  now(): Date;
}

/** Given up as soon as the signal says so; every failure comes out as one of ours. */
export async function ask<Result>(
  { bucket, now }: Bucket,
  what: string,
  signal: AbortSignal,
  send: (options: { abortSignal: AbortSignal }) => Promise<Result>,
) {
  if (signal.aborted) throw abortReason(signal);
  let giveUp = (): void => undefined;
  try {
    return await new Promise<Result>((resolve, reject) => {
      // The SDK hears no signal while it looks for credentials.
      giveUp = () => reject(abortReason(signal));
      signal.addEventListener('abort', giveUp, { once: true });
      send({ abortSignal: signal }).then(resolve, reject);
    });
  } catch (error) {
    throw toS3Error(error, { bucket, what, signal, now });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
