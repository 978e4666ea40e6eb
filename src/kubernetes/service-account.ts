import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secret } from '../config/secret.ts';
import { fileSecret } from '../config/secret-source.ts';
import { SnapshotError } from '../errors.ts';
import { describe, isFileSystemError } from '../storage/file-system.ts';

/** What a pod knows of its cluster. The kubelet changes the files while we run: they are read when they are used. */
export interface ServiceAccount {
  /** Host and port of the API server. */
  readonly host: string;
  readonly port: number;
  namespace(): Promise<string>;
  authority(): Promise<string>;
  token(): Promise<Secret>;
}

/** That of the pod we are in, from its environment and the directory that is mounted into each of its containers. */
export function findServiceAccount(env: Readonly<Record<string, string | undefined>>, directory: string): ServiceAccount {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) {
    throw new SnapshotError('usage', '--lease: this is no pod of Kubernetes: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set', {
      advice: 'outside of Kubernetes say with --ordinal which host begins, or start it on one host only',
    });
  }
  return {
    host,
    port: Number(port),
    namespace: async () => (await read(join(directory, 'namespace'))).trim(),
    authority: () => read(join(directory, 'ca.crt')),
    token: () => fileSecret(join(directory, 'token')).read(),
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isFileSystemError(error)) throw error;
    throw new SnapshotError('config_unreadable', `--lease: ${path}: ${describe(error)}`, {
      cause: error,
      advice: 'the pod needs its service account: automountServiceAccountToken must not be false',
    });
  }
}
