import { type Format, isRefusal } from './format.ts';
import { textThat } from './formats.ts';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const written = textThat('an address such as "https://127.0.0.1:8200"', { type: 'string', pattern: '^(https?|unix)://' }, remedyFor);

/** Of Vault: http, https or a unix socket. Plain http to another host is taken, because the ancestor took it, but warned of. */
export const address: Format<string> = {
  ...written,
  parse(json, env) {
    if (json.kind === 'string' && json.value.includes('@')) {
      return { rule: 'must not hold a user or password', remedy: 'remove everything up to the "@"', hidesValue: true };
    }
    const parsed = written.parse(json, env);
    if (isRefusal(parsed) || !parsed.value.startsWith('http:')) return parsed;
    if (LOOPBACK.test(new URL(parsed.value).hostname)) return parsed;
    return { ...parsed, warning: 'plain http: the token and the snapshot cross the network readable to all; use https' };
  },
};

function remedyFor(value: string): string | undefined {
  if (/^unix:\/\/\/[^/]/.test(value)) return undefined;
  if (!/^https?:\/\//.test(value)) return 'begin it with https://';
  if (!URL.canParse(value)) return 'write scheme, host and port';
  const url = new URL(value);
  if (url.search !== '' || url.hash !== '') return 'remove what follows "?" or "#"';
  return url.hostname === '' ? 'write scheme, host and port' : undefined;
}
