import { constants, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SnapshotError } from '../errors.ts';
import { Secret, type SecretSource } from './secret.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Mounted by the kubelet or the container engine: readable to all inside, but there is nobody else inside. */
const CONTAINER_SECRETS = ['/run/secrets/', '/var/run/secrets/'];
const READABLE_BY_ALL = 0o004;
const MAX_BYTES = 65_536;

export function literalSecret(text: string): SecretSource {
  const secret = new Secret(text);
  return { origin: 'literal', read: async () => secret };
}

export function environmentSecret(name: string, env: Environment): SecretSource {
  return {
    origin: `env ${name}`,
    async read() {
      // Its own only: "constructor" is in every object.
      const text = Object.hasOwn(env, name) ? env[name] : undefined;
      if (text === undefined || text === '') throw new SnapshotError('secret_unavailable', `environment variable ${name} is not set or empty`);
      return new Secret(text);
    },
  };
}

export function fileSecret(path: string): SecretSource {
  return { origin: `file ${path}`, read: () => readSecretFile(path, !isContainerSecret(path)) };
}

/** A file below `$CREDENTIALS_DIRECTORY`, which systemd makes readable to the service alone. */
export function credentialSecret(name: string, env: Environment): SecretSource {
  return {
    origin: `credential ${name}`,
    async read() {
      const directory = env.CREDENTIALS_DIRECTORY;
      if (directory === undefined || directory === '') {
        const advice = `add LoadCredential=${name}:/path/of/the/file to the unit`;
        throw new SnapshotError('secret_unavailable', `credential ${name}: CREDENTIALS_DIRECTORY is not set`, { advice });
      }
      return readSecretFile(join(directory, name), false);
    },
  };
}

function isContainerSecret(path: string): boolean {
  return CONTAINER_SECRETS.some((directory) => resolve(path).startsWith(directory));
}

async function readSecretFile(path: string, isPrivacyDemanded: boolean): Promise<Secret> {
  const { text, mode } = await readSmallFile(path);
  if (isPrivacyDemanded && (mode & READABLE_BY_ALL) !== 0) {
    throw new SnapshotError('secret_unavailable', `${path}: every user of this host can read it`, {
      advice: `run "chmod o-rwx ${path}", or mount it below /run/secrets`,
    });
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new SnapshotError('secret_unavailable', `${path}: is empty`);
  return new Secret(secret);
}

async function readSmallFile(path: string): Promise<{ readonly text: string; readonly mode: number }> {
  try {
    // Not blocking: to open a named pipe would wait for a writer, with nobody to call it off.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      const { size, mode } = stat;
      if (!stat.isFile()) throw new SnapshotError('secret_unavailable', `${path}: is not a regular file`);
      if (size > MAX_BYTES) throw new SnapshotError('secret_unavailable', `${path}: larger than ${MAX_BYTES} bytes, so not a secret`);
      return { text: await file.readFile('utf8'), mode };
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof SnapshotError) throw cause;
    throw new SnapshotError('secret_unavailable', `${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, { cause });
  }
}
