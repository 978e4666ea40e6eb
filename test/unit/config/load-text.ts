import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadedConfig, loadConfig } from '../../../src/config/load.ts';
import type { Environment } from '../../../src/config/secret-source.ts';
import { SnapshotError } from '../../../src/errors.ts';

/** Loads what a real file of this content gives; an object is written as JSON. */
export async function loadText(content: object | string | Uint8Array, env: Environment = {}, mode = 0o600): Promise<LoadedConfig> {
  const directory = await mkdtemp(join(tmpdir(), 'config-'));
  try {
    const path = join(directory, 'snapshot.json');
    const bytes = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
    await writeFile(path, bytes, { mode });
    return await loadConfig({ path, env });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The faults of a file that is refused, without the name of the file. */
export async function faultsOf(content: object | string | Uint8Array, env: Environment = {}): Promise<readonly string[]> {
  try {
    await loadText(content, env);
    return [];
  } catch (error) {
    if (!(error instanceof SnapshotError) || error.code !== 'config_invalid') throw error;
    return error.message.split('\n').map((line) => line.replace(/^\S*\/snapshot\.json: /, ''));
  }
}

/** A file that is right, with these keys besides. */
export function sound(keys: object = {}): object {
  return { role_id: 'role', secret_id: 'secret', local_storage: { path: '/snapshots' }, ...keys };
}
