import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Secret } from '../../config/secret.ts';
import { SnapshotError } from '../../errors.ts';
import { describe, isFileSystemError } from '../../storage/file-system.ts';
import type { CertificateFiles, ListenSettings } from '../listen-config.ts';

/** What a listener has read: who may ask, and what it shows to them. */
export interface Material {
  readonly token: Secret | undefined;
  readonly pair: { readonly cert: string; readonly key: string } | undefined;
}

/** Rejects with `listen_failed` or `secret_unavailable`. */
export async function readMaterial({ tls, token }: ListenSettings): Promise<Material> {
  return { token: await token?.read(), pair: tls && (await readPair(tls)) };
}

async function readPair(files: CertificateFiles): Promise<Material['pair']> {
  const [cert, key] = await Promise.all([readPem(files.cert), readPem(files.key)]);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SnapshotError('listen_failed', `listen.tls: ${files.cert} and ${files.key} cannot be used: ${reason}`, {
      cause,
      advice: 'check that the two belong together, are in PEM and need no passphrase',
    });
  }
  return { cert, key };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (!isFileSystemError(cause)) throw cause;
    const advice = 'check that the files of "listen": {"tls": …} exist and that the user of the service may read them';
    throw new SnapshotError('listen_failed', `listen.tls: cannot read ${path}: ${describe(cause)}`, { cause, advice });
  }
}
