import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A real server the tests run against, built from the pinned go.mod in the folder of its name. */
export interface ServerSource {
  readonly name: string;
  readonly goPackage: string;
  readonly tags: string;
  /** A program of our own around it, in the folder of another server. */
  readonly own?: { readonly folder: string; readonly file: string };
}

export const VAULT: ServerSource = { name: 'vault', goPackage: 'github.com/hashicorp/vault', tags: 'minimal' };
/** With the database engine and PostgreSQL, which the smaller one lacks. */
export const VAULT_POSTGRESQL: ServerSource = {
  name: 'vault-postgresql',
  goPackage: './postgresql',
  tags: 'minimal',
  own: { folder: 'vault', file: 'postgresql/main.go' },
};
export const MINIO: ServerSource = { name: 'minio', goPackage: 'github.com/minio/minio', tags: '' };
export const VERSITYGW: ServerSource = { name: 'versitygw', goPackage: 'github.com/versity/versitygw/cmd/versitygw', tags: '' };
export const FAKE_GCS: ServerSource = { name: 'fake-gcs-server', goPackage: 'github.com/fsouza/fake-gcs-server', tags: '' };

export const SERVERS: readonly ServerSource[] = [VAULT, VAULT_POSTGRESQL, MINIO, VERSITYGW, FAKE_GCS];

export function sourceDirectory(source: ServerSource): string {
  return join(import.meta.dirname, source.own?.folder ?? source.name);
}

/** Outside the checkout and named by what it is built from, so that an empty clone on a warm host builds nothing. */
export async function cachedBinary(source: ServerSource, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', ...(source.own ? [source.own.file] : [])]) hash.update(await readFile(join(sourceDirectory(source), file)));
  hash.update(`${source.tags} ${process.platform}-${process.arch}`);
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'vault-snapshotd', 'servers', hash.digest('hex'), source.name);
}

/** The path of a server built before, or undefined. */
export async function builtServer(source: ServerSource): Promise<string | undefined> {
  const path = await cachedBinary(source);
  return access(path, constants.X_OK).then(
    () => path,
    () => undefined,
  );
}

export async function serverBinary(source: ServerSource): Promise<string> {
  const path = await builtServer(source);
  if (path === undefined) throw new Error(`the ${source.name} server is not built yet: run "npm run servers" first`);
  return path;
}
