import { SnapshotError } from '../../errors.ts';
import { inTime } from '../in-time.ts';
import { CREDENTIALS_ADVICE } from './errors.ts';

interface ChainOptions {
  readonly bucket: string;
  /** Longest time in which there is no answer. */
  readonly limitMs: number;
}

type Chain = ReturnType<typeof import('@aws-sdk/credential-providers')['fromNodeProviderChain']>;

/**
 * The chain of the SDK, given up when it takes too long. By itself it waits for ever on a metadata service that takes a request and never answers,
 * and whoever asks later waits for the same answer: so the next one begins a chain of its own.
 */
export function credentialChain(init: object, { bucket, limitMs }: ChainOptions): Chain {
  let chain: Chain | undefined;
  return async (properties) => {
    const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
    chain ??= fromNodeProviderChain(init);
    return await inTime(chain(properties), limitMs, () => {
      chain = undefined;
      return new SnapshotError('storage_unavailable', `s3: ${bucket}: no credentials after ${limitMs / 1000}s`, { advice: CREDENTIALS_ADVICE });
    });
  };
}
