import { SnapshotError } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy the environment names for that address. The lower case spelling counts first, as it does for curl. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const written = firstOf(names, env);
  if (written === '' || isExempt(url, firstOf(['no_proxy', 'NO_PROXY'], env))) return undefined;
  const proxy = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`);
  // The text may hold a password, so it is not shown.
  if (proxy === null || !['http:', 'https:'].includes(proxy.protocol))
    throw new SnapshotError('config_invalid', `${names[1]}: not the address of an HTTP proxy`, { advice: 'write it as http://host:port' });
  return proxy;
}

function firstOf(names: readonly string[], env: Environment): string {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return value;
  }
  return '';
}

/** A name covers itself and everything below it; `*` covers all; a port, if given, must be the same. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, name = entry, ofPort = port] = /^\[?([^[\]]*?)\]?:(\d+)$/.exec(isBareV6(entry) ? '' : entry) ?? [];
      const bare = name.replace(/^\*?\.?/, '').replace(/^\[|\]$/g, '');
      if (entry === '*') return true;
      return bare !== '' && ofPort === port && (host === bare || host.endsWith(`.${bare}`));
    });
}

/** Without brackets, what follows the last colon is no port. */
function isBareV6(entry: string): boolean {
  return entry.split(':').length > 2 && !entry.startsWith('[');
}
