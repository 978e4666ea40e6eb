import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TlsConfig } from '../../../src/config/config.ts';
import { createApi } from '../../../src/vault/api.ts';
import { parseAddress, Transport } from '../../../src/vault/transport.ts';
import { failureOf, PLAIN_TLS } from '../../fakes/vault/client-of.ts';
import { type FakeServer, startHttpVault } from '../../fakes/vault/http-vault.ts';
import { Authority, type Certificate } from '../../servers/certificates.ts';

const NEVER = new AbortController().signal;
const LOCAL = { usage: 'server', names: ['IP:127.0.0.1'] } as const;
let dir: string;
let ca: Authority;
let strangers: Authority;
let good: Certificate;
let servers: FakeServer[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tls-'));
  ca = await Authority.create(dir, 'ca');
  strangers = await Authority.create(dir, 'strangers');
  good = await ca.issue('good', LOCAL);
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

async function serve(certificate: Certificate, clientCa?: string): Promise<FakeServer> {
  const server = await startHttpVault(() => ({ status: 200, json: { fine: true } }), {
    cert: await readFile(certificate.certFile),
    key: await readFile(certificate.keyFile),
    ...(clientCa === undefined ? {} : { ca: await readFile(clientCa), requestCert: true }),
  });
  servers.push(server);
  return server;
}

function ask(address: string, tls: Partial<TlsConfig>) {
  const transport = new Transport(parseAddress(address), { ...PLAIN_TLS, ...tls });
  return createApi({ transport, onDate: () => undefined }).call({ method: 'GET', path: 'sys/leader' }, NEVER);
}

describe('TLS to Vault', () => {
  it('trusts the CA of ca_cert', async () => {
    const { address } = await serve(good);
    expect((await ask(address, { caCertFile: ca.caFile })).json).toEqual({ fine: true });
  });

  it('trusts the CAs in a directory, whatever else lies there', async () => {
    const caDirectory = join(dir, 'store');
    await mkdir(join(caDirectory, 'folder'), { recursive: true });
    await writeFile(join(caDirectory, 'README'), 'certificates of this host');
    await copyFile(ca.caFile, join(caDirectory, 'ca.pem'));
    const { address } = await serve(good);
    expect((await ask(address, { caDirectory })).json).toEqual({ fine: true });
  });

  it('trusts a certificate given as its own CA, as the package of Vault makes one', async () => {
    const { address } = await serve(good);
    expect((await ask(address, { caCertFile: good.certFile })).json).toEqual({ fine: true });
  });

  it('refuses an unknown CA and names the key to set', async () => {
    const { address } = await serve(good);
    for (const tls of [{}, { caCertFile: strangers.caFile }]) {
      const error = await failureOf(ask(address, tls));
      expect(error.code).toBe('vault_tls');
      expect(error.message).toContain('CA that is not known here');
      expect(error.advice).toContain('"ca_cert"');
    }
  });

  it('goes on without checks when they are off', async () => {
    const { address } = await serve(good);
    expect((await ask(address, { isVerificationOff: true })).json).toEqual({ fine: true });
  });

  it('says that a certificate has expired', async () => {
    const { address } = await serve(await ca.issue('old', { ...LOCAL, notBefore: new Date('2020-01-01'), notAfter: new Date('2020-02-01') }));
    expect((await failureOf(ask(address, { caCertFile: ca.caFile }))).message).toContain('has expired');
  });

  it('names the names of a certificate for another host, and takes server_name', async () => {
    const { address } = await serve(await ca.issue('other', { usage: 'server', names: ['DNS:vault.internal', 'DNS:vault.example'] }));
    const error = await failureOf(ask(address, { caCertFile: ca.caFile }));
    expect(error.message).toContain('not for 127.0.0.1; it is for DNS:vault.internal, DNS:vault.example');
    expect(error.advice).toContain('"server_name"');
    expect((await ask(address, { caCertFile: ca.caFile, serverName: 'vault.internal' })).json).toEqual({ fine: true });
  });

  it('shows its client certificate', async () => {
    const { address } = await serve(good, ca.caFile);
    const own = await ca.issue('client', { usage: 'client' });
    const tls = { caCertFile: ca.caFile, clientCertFile: own.certFile, clientKeyFile: own.keyFile };
    expect((await ask(address, tls)).json).toEqual({ fine: true });
  });

  it('finds a rotated CA at the next call, without a restart', async () => {
    const caCertFile = join(dir, 'rotating.pem');
    await copyFile(strangers.caFile, caCertFile);
    const { address } = await serve(good);
    const transport = new Transport(parseAddress(address), { ...PLAIN_TLS, caCertFile });
    const api = createApi({ transport, onDate: () => undefined });
    expect((await failureOf(api.call({ method: 'GET', path: 'sys/leader' }, NEVER))).code).toBe('vault_tls');
    await copyFile(ca.caFile, caCertFile);
    expect((await api.call({ method: 'GET', path: 'sys/leader' }, NEVER)).json).toEqual({ fine: true });
  });

  it.each([
    { name: 'a file that is not there', tls: () => ({ caCertFile: join(dir, 'none.pem') }), says: 'tls.ca_cert: cannot read' },
    { name: 'an empty directory of CAs', tls: () => ({ caDirectory: join(dir, 'store', 'folder') }), says: 'tls.ca_path: no certificate' },
    { name: 'a file that is no PEM', tls: () => ({ caCertFile: join(dir, 'store', 'README') }), says: 'is not a PEM file' },
    { name: 'a key of another certificate', tls: () => ({ clientCertFile: good.certFile, clientKeyFile: join(dir, 'ca.key') }), says: 'cannot be used' },
  ])('names $name', async ({ tls, says }) => {
    const { address } = await serve(good);
    const error = await failureOf(ask(address, { caCertFile: ca.caFile, ...tls() }));
    expect(error.code).toBe('vault_tls');
    expect(error.message).toContain(says);
  });

  it('tells a listener without TLS from a broken one', async () => {
    const server = await startHttpVault(() => ({ status: 200, json: {} }));
    servers.push(server);
    const error = await failureOf(ask(server.address.replace('http:', 'https:'), {}));
    expect(error.code).toBe('vault_tls');
    expect(error.advice).toContain('http://');
  });
});
