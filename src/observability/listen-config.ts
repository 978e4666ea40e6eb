import type { Format, Table } from '../config/format.ts';
import { absolutePath, textThat } from '../config/formats.ts';
import type { SecretSource } from '../config/secret.ts';
import { secret } from '../config/secret-format.ts';

/** Where the daemon is asked how it gets on. */
export interface ListenSettings {
  readonly place: ListenPlace;
  readonly tls: CertificateFiles | undefined;
  readonly token: SecretSource | undefined;
}

export type ListenPlace = { readonly kind: 'tcp'; readonly host: string; readonly port: number } | { readonly kind: 'unix'; readonly path: string };

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;

export function isLoopback(place: ListenPlace): boolean {
  return place.kind === 'unix' || LOOPBACK.test(place.host);
}

export function showPlace(place: ListenPlace): string {
  if (place.kind === 'unix') return `unix:${place.path}`;
  return place.host.includes(':') ? `[${place.host}]:${place.port}` : `${place.host}:${place.port}`;
}

const address: Format<ListenPlace> = {
  rule: '"host:port", ":port" (of loopback) or "unix:/path"',
  jsonSchema: { type: 'string' },
  parse(json) {
    const place = json.kind === 'string' ? parsePlace(json.value) : undefined;
    return place === undefined
      ? { remedy: 'write for example "127.0.0.1:9217", "[::1]:9217" or "unix:/run/vault-snapshotd/http.sock"' }
      : { value: place, shown: showPlace(place) };
  },
};

function parsePlace(text: string): ListenPlace | undefined {
  const [, path] = /^unix:(?:\/\/)?(\/[^\p{Cc}]+)$/u.exec(text) ?? [];
  if (path !== undefined) return { kind: 'unix', path };
  const [, inBrackets, name, digits] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? { kind: 'tcp', host: inBrackets ?? (name || '127.0.0.1'), port } : undefined;
}

const certificate: Format<CertificateFiles> = {
  rule: '{"cert": "/path", "key": "/path"}',
  jsonSchema: { type: 'object', properties: { cert: { type: 'string' }, key: { type: 'string' } }, required: ['cert', 'key'], additionalProperties: false },
  parse(json, env) {
    const remedy = 'name the two PEM files by their whole paths';
    if (json.kind !== 'object') return { remedy };
    const files = new Map<string, string>();
    for (const { key, value } of json.members) {
      const path = absolutePath.parse(value, env);
      if ('remedy' in path || !['cert', 'key'].includes(key)) return { remedy };
      files.set(key, path.value);
    }
    const [cert, key] = [files.get('cert'), files.get('key')];
    return cert === undefined || key === undefined ? { remedy } : { value: { cert, key }, shown: `${cert}, ${key}` };
  },
};

export const listenTable = {
  address: {
    doc: 'Where to serve metrics, probes, status and the status page. Left out, only the socket `status.sock` in the state directory answers.',
    format: address,
    since: 'new',
  },
  tls: { doc: 'The certificate to show and its key, PEM files that are read again at each reload. Without it, plain HTTP.', format: certificate, since: 'new' },
  token: { doc: 'Asked of everybody, but for the probes: as bearer token, or as password with any user name.', format: secret, since: 'new' },
} as const satisfies Table;

/** At the top of the file. */
export const watchTable = {
  textfile: {
    doc: 'A file for the textfile collector of node_exporter, written anew after each round and once a minute: the text of `/metrics`.',
    format: textThat('an absolute path that ends in ".prom"', { type: 'string', pattern: '^/.*\\.prom$' }, (value) =>
      /^\/.*[^/]\.prom$/.test(value) ? undefined : 'the collector reads no other: write for example "/var/lib/node_exporter/vault-snapshotd.prom"',
    ),
    since: 'new',
  },
} as const satisfies Table;
