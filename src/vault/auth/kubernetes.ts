import { readFile } from 'node:fs/promises';
import type { AuthConfig } from '../../config/config.ts';
import { SnapshotError } from '../../errors.ts';
import { type LoginDeps, logIn } from './login.ts';
import type { AuthMethod, Grant } from './method.ts';

type KubernetesConfig = Extract<AuthConfig, { method: 'kubernetes' }>;

export class KubernetesAuth implements AuthMethod {
  readonly name: string;
  readonly isOwn = true;
  readonly #config: KubernetesConfig;
  readonly #deps: LoginDeps;

  constructor(config: KubernetesConfig, deps: LoginDeps) {
    this.name = `kubernetes at auth/${config.mount}`;
    this.#config = config;
    this.#deps = deps;
  }

  /** The kubelet rotates the file: it is read for every login. */
  async login(signal: AbortSignal): Promise<Grant> {
    const jwt = await readTrimmed(this.#config.jwtFile, 'the service account token');
    return await logIn(this.#deps, this.#config.mount, { role: this.#config.role, jwt }, signal);
  }

  async hasChanged(): Promise<boolean> {
    return false;
  }
}

/** Reads a file that holds one secret and perhaps a newline. */
export async function readTrimmed(path: string, what: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SnapshotError('secret_unavailable', `${what}: cannot read ${path}: ${reason}`, { cause });
  });
  const trimmed = text.trim();
  if (trimmed === '') throw new SnapshotError('secret_unavailable', `${what}: ${path} is empty`);
  return trimmed;
}
