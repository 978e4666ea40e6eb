import { expect, it } from 'vitest';
import { faultsOf, loadText, sound } from './load-text.ts';

const HOW = 'write for example "127.0.0.1:9217", "[::1]:9217" or "unix:/run/vault-snapshotd/http.sock"';
const MUST = 'listen.address: must be "host:port", ":port" (of loopback) or "unix:/path"';

it.each([
  [{}, undefined],
  [{ listen: '' }, undefined],
  [{ listen: null }, undefined],
  [{ listen: ':9217' }, { kind: 'tcp', host: '127.0.0.1', port: 9217 }],
  [{ listen: 'localhost:1' }, { kind: 'tcp', host: 'localhost', port: 1 }],
  [{ listen: '[::1]:65535' }, { kind: 'tcp', host: '::1', port: 65535 }],
  [{ listen: 'unix:/run/x/http.sock' }, { kind: 'unix', path: '/run/x/http.sock' }],
  [{ listen: 'unix:///run/x/http.sock' }, { kind: 'unix', path: '/run/x/http.sock' }],
  [{ listen: { address: '127.1.2.3:80' } }, { kind: 'tcp', host: '127.1.2.3', port: 80 }],
])('%j listens at %j, and nothing is warned of', async (keys, place) => {
  const { config } = await loadText(sound(keys));
  expect(config.listen?.place).toEqual(place);
  expect(config.warnings).toEqual([]);
});

it('takes a certificate with its key, and a token that does not show', async () => {
  const { config, effective } = await loadText(sound({ listen: { address: '0.0.0.0:9217', tls: { cert: '/c.pem', key: '/k.pem' }, token: 'hunter2' } }));
  expect(config.listen).toMatchObject({ tls: { cert: '/c.pem', key: '/k.pem' } });
  expect((await config.listen?.token?.read())?.reveal()).toBe('hunter2');
  expect(config.warnings).toEqual([]);
  expect(effective.filter(({ key }) => key.startsWith('listen.')).map(({ key, shown }) => `${key} ${shown}`)).toEqual([
    'listen.address 0.0.0.0:9217',
    'listen.tls /c.pem, /k.pem',
    'listen.token [secret] (literal)',
  ]);
});

it.each([
  [
    { address: '0.0.0.0:9217' },
    'listen: 0.0.0.0:9217 is plain http and not loopback: whoever reaches it can read where the snapshots are; set listen.tls and listen.token',
  ],
  [
    { address: '[::]:9217', token: 't' },
    'listen: [::]:9217 is plain http and not loopback: the token crosses the network readable to all; set listen.tls and listen.token',
  ],
])('%j is warned of', async (listen, warning) => {
  expect((await loadText(sound({ listen }))).config.warnings).toEqual([warning]);
});

it.each([
  [{ listen: '9217' }, `${MUST}, got "9217": ${HOW}`],
  [{ listen: '127.0.0.1' }, `${MUST}, got "127.0.0.1": ${HOW}`],
  [{ listen: '::1:9217' }, `${MUST}, got "::1:9217": ${HOW}`],
  [{ listen: ':0' }, `${MUST}, got ":0": ${HOW}`],
  [{ listen: ':65536' }, `${MUST}, got ":65536": ${HOW}`],
  [{ listen: 'unix:relative' }, `${MUST}, got "unix:relative": ${HOW}`],
  [{ listen: 9217 }, 'listen: must be a string or an object, got 9217: write {…} with the keys of docs/config.md'],
  [{ listen: { token: 't' } }, 'listen.address: is missing: write for example "127.0.0.1:9217"'],
  [{ listen: { adress: ':1' } }, 'listen.adress: unknown key: did you mean "address"?'],
  [
    { listen: { address: ':1', tls: { cert: '/c.pem' } } },
    'listen.tls: must be {"cert": "/path", "key": "/path"}, got an object: name the two PEM files by their whole paths',
  ],
  [
    { textfile: '/var/lib/x.txt' },
    'textfile: must be an absolute path that ends in ".prom", got "/var/lib/x.txt": the collector reads no other: write for example "/var/lib/node_exporter/vault-snapshotd.prom"',
  ],
])('%j is refused', async (keys, fault) => {
  expect(await faultsOf(sound(keys))).toEqual([fault]);
});
