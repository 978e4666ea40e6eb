import { SnapshotError } from '../../errors.ts';
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
    const current = chain ?? fromNodeProviderChain(init);
    chain = current;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        chain = undefined;
        const says = `s3: ${bucket}: no credentials after ${limitMs / 1000}s`;
        reject(new SnapshotError('storage_unavailable', says, { advice: CREDENTIALS_ADVICE }));
      }, limitMs);
    });
    try {
      return await Promise.race([current(properties), tooLong]);
    } finally {
      clearTimeout(timer);
    }
  };
}
