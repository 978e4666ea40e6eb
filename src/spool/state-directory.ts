import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors.ts';
import { describe, isFileSystemError, makeDirectory } from '../storage/file-system.ts';

export interface StateDirectoryInput {
  /** `spool_path`, if the configuration has one. */
  readonly configured: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
}

/** Where spools and intents live: as configured, else as systemd says, else the first usual place we may write to. Made if missing. */
export async function findStateDirectory(input: StateDirectoryInput): Promise<string> {
  const candidates = stateDirectories(input);
  const refusals: string[] = [];
  for (const path of candidates) {
    try {
      await makeDirectory(path);
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
      return path;
    } catch (error) {
      if (!isFileSystemError(error)) throw error;
      refusals.push(`${path}: ${describe(error)}`);
    }
  }
  throw new SnapshotError('spool_failed', `no directory for the spool: ${refusals.join(', ')}`, {
    advice: 'name a directory in "spool_path" that the user of the service may write to',
  });
}

/** Where it can lie, the likeliest first. */
export function stateDirectories({ configured, env, homeDirectory }: StateDirectoryInput): readonly string[] {
  if (configured !== undefined) return [configured];
  // systemd joins several with colons; the first is the one the unit names first.
  const fromSystemd = env.STATE_DIRECTORY?.split(':')[0];
  if (fromSystemd) return [fromSystemd];
  return ['/var/lib/vault-snapshotd', join(env.XDG_STATE_HOME || join(homeDirectory, '.local', 'state'), 'vault-snapshotd')];
}
