import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SnapshotError } from '../errors.ts';
import type { ServerFacts } from '../recovery/contract.ts';
import { whyOf } from './isolation.ts';

const run = promisify(execFile);
const LIMIT_MS = 30_000;
const ADVICE = 'install the server here, or name its program with --server-binary or "drill": {"binary": "/path"}';

/** The first of that name in PATH. */
export async function findBinary(product: 'vault' | 'openbao', env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const name = product === 'openbao' ? 'bao' : 'vault';
  for (const directory of (env.PATH ?? '').split(':').filter((path) => path.startsWith('/'))) {
    const path = join(directory, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new SnapshotError('config_invalid', `drill: there is no ${name} in PATH`, { advice: ADVICE });
}

/** What it says of itself: `Vault v1.21.0 (…), built …`. */
export async function askVersion(binary: string, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ServerFacts> {
  const { stdout } = await run(binary, ['version'], { env, signal, timeout: LIMIT_MS }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new SnapshotError('config_invalid', `drill: ${binary}: ${whyOf(error)}`, { cause: error, advice: ADVICE });
  });
  const [, name, version] = /^(Vault|OpenBao) v(\d+\.\d+\.\d+[\w.+-]*)/.exec(stdout) ?? [];
  if (name === undefined || version === undefined) {
    throw new SnapshotError('config_invalid', `drill: ${binary}: is no Vault and no OpenBao: ${JSON.stringify(stdout.slice(0, 60))}`, { advice: ADVICE });
  }
  return { product: name === 'Vault' ? 'vault' : 'openbao', version };
}
