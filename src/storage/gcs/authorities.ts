import { readFile } from 'node:fs/promises';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { SnapshotError } from '../../errors.ts';

/** What Node brings, what the system trusts, and the file; undefined where that is no more than Node brings. Made once: it is costly. */
export async function readAuthorities(caCertFile: string | undefined): Promise<SecureContext | undefined> {
  const system = getCACertificates('system');
  if (caCertFile === undefined && system.length === 0) return undefined;
  const own = caCertFile === undefined ? [] : [await readPem(caCertFile)];
  const ca = [...new Set([...getCACertificates('default'), ...system]), ...own];
  try {
    return createSecureContext({ ca, allowPartialTrustChain: true });
  } catch (cause) {
    throw unusable(caCertFile, 'a certificate cannot be read', cause);
  }
}

/** Node takes a file without any certificate for an empty list and says nothing. */
async function readPem(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unusable(file, cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown', cause);
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw unusable(file, 'no certificate in PEM', undefined);
}

function unusable(file: string | undefined, reason: string, cause: unknown): SnapshotError {
  return new SnapshotError('storage_misconfigured', `gcs: ca_cert: ${file ?? 'the store of the system'}: ${reason}`, {
    cause,
    advice: 'check that the file of "ca_cert" exists, is PEM and that the user of the service may read it',
  });
}
