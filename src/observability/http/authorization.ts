import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../config/secret.ts';

/** The token as a bearer, or as a password with any user name: a browser asks for nothing else. */
export function isAuthorized(header: string | undefined, token: Secret): boolean {
  const [scheme = '', credentials = ''] = (header ?? '').split(/ +(.*)/s);
  if (/^bearer$/i.test(scheme)) return isSame(credentials.trim(), token.reveal());
  if (!/^basic$/i.test(scheme)) return false;
  const pair = Buffer.from(credentials, 'base64').toString();
  return isSame(pair.slice(pair.indexOf(':') + 1), token.reveal());
}

/** Takes the same time wherever the two begin to differ, and however long they are. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
