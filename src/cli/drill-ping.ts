import type { Config } from '../config/config.ts';
import { type SnapshotError, toSnapshotError } from '../errors.ts';
import { Post } from '../observability/notify/post.ts';
import type { Host } from './host.ts';
import { VERSION } from './version.ts';

const LIMIT_MS = 10_000;

/** Tells the check of drills how one ended. Resolves with why it could not be told; the address is a secret. */
export async function pingDrill(
  { drill: { pingUrl }, notify }: Config,
  host: Host,
  error: SnapshotError | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (pingUrl === undefined) return undefined;
  const post = new Post({ env: host.env, caCertFile: notify.caCertFile, userAgent: `vault-snapshotd/${VERSION}`, limitMs: LIMIT_MS, now: () => new Date() });
  try {
    const url = new URL((await pingUrl.read()).reveal());
    if (error !== undefined) url.pathname = `${url.pathname.replace(/\/*$/, '')}/fail`;
    const body = error === undefined ? '' : `${error.code}: ${error.message}`;
    await post.send({ url, method: 'POST', headers: { 'content-type': 'text/plain; charset=utf-8' }, body }, signal);
    return undefined;
  } catch (thrown) {
    // What is no URL is quoted by its error.
    return `drill.ping_url: ${thrown instanceof TypeError ? 'is no address' : toSnapshotError(thrown).message}`;
  }
}
