import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority, type Certificate } from '../servers/certificates.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { run } from '../system/program.ts';
import { expectTidy, makeScene, type Settings, tree } from '../system/scene.ts';
import { linesOf, READABLE_LOG, reportOf } from './told.ts';

describe('a Vault behind TLS', () => {
  let directory: string;
  let own: Authority;
  let other: Authority;
  let served: Certificate;
  let client: Certificate;
  let strangers: Certificate;
  let vault: VaultNode;
  let strict: VaultNode;
  let role: AppRole;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tls-'));
    own = await Authority.create(directory, 'own-ca');
    other = await Authority.create(directory, 'other-ca');
    served = await own.issue('server', { usage: 'server', names: ['IP:127.0.0.1', 'DNS:vault.test'] });
    client = await own.issue('client', { usage: 'client' });
    strangers = await other.issue('stranger', { usage: 'client' });
    const tls = { ...served, caFile: own.caFile };
    [vault, strict] = await Promise.all([startVault({ tls }), startVault({ tls: { ...tls, clientCaFile: own.caFile, client } })]);
    role = await appRole(vault);
  });

  afterAll(async () => {
    await Promise.all([removeVault(vault), removeVault(strict)]);
    await rm(directory, { recursive: true });
  });

  async function once(tls: Settings, address = vault.address, identity = role) {
    const scene = await makeScene(address, identity, { ...READABLE_LOG, tls });
    return { scene, ended: await run(['--once', '--json', '--config', scene.config]) };
  }

  async function expectTaken(tls: Settings, address = vault.address, identity = role) {
    const { scene, ended } = await once(tls, address, identity);
    expect(ended).toMatchObject({ code: 0 });
    await expectTidy(scene, 1);
    return ended;
  }

  /** The line that says what is wrong, and the advice beside it. */
  async function expectRefused(tls: Settings, says: string, advice: string, address = vault.address) {
    const { scene, ended } = await once(tls, address);
    expect(ended.code).toBe(69);
    expect(reportOf(ended)).toMatchObject({ outcome: 'failed', code: 'vault_tls' });
    expect(linesOf({ lines: ended.stderr.trim().split('\n') }, 'round_failed')).toMatchObject([
      { level: 'error', error: expect.stringContaining(says), advice: expect.stringContaining(advice) },
    ]);
    expect(await tree(scene.destination)).toEqual([]);
  }

  it('is believed when its CA is the one given', async () => {
    await expectTaken({ ca_cert: own.caFile });
  });

  it('is refused when another CA is given, or none', async () => {
    await expectRefused({ ca_cert: other.caFile }, 'signed by a CA that is not', '"ca_cert"');
    await expectRefused({}, 'signed by a CA that is not', '"ca_cert"');
  });

  it('is refused under a name that its certificate does not hold, and believed under the one in server_name', async () => {
    const address = vault.address.replace('127.0.0.1', 'localhost');
    await expectRefused({ ca_cert: own.caFile }, 'not for localhost; it is for', '"server_name"', address);
    await expectTaken({ ca_cert: own.caFile, server_name: 'vault.test' }, address);
  });

  it('that asks for a client certificate gets the one given; without one, or with a strange one, the line says which keys to set', async () => {
    const identity = await appRole(strict);
    await expectTaken({ ca_cert: own.caFile, client_cert: client.certFile, client_key: client.keyFile }, strict.address, identity);
    await expectRefused({ ca_cert: own.caFile }, 'refused the client certificate', '"client_cert"', strict.address);
    const strange = { ca_cert: own.caFile, client_cert: strangers.certFile, client_key: strangers.keyFile };
    await expectRefused(strange, 'refused the client certificate', '"client_cert"', strict.address);
  });

  it('is not looked at with skip_verify, which is warned of at each start', async () => {
    for (const tls of [{ skip_verify: true }, { skip_verify: true, ca_cert: other.caFile }]) {
      const { stderr } = await expectTaken(tls);
      expect(linesOf({ lines: stderr.trim().split('\n') }, 'config_warning')).toContainEqual(
        expect.objectContaining({ level: 'warn', message: expect.stringContaining('not verified') }),
      );
    }
  });

  it('is refused when its certificate has expired', async () => {
    const day = 86_400_000;
    const dates = { notBefore: new Date(Date.now() - 9 * day), notAfter: new Date(Date.now() - day) };
    const expired = await own.issue('expired', { usage: 'server', names: ['IP:127.0.0.1'], ...dates });
    await copyFile(expired.certFile, served.certFile);
    await copyFile(expired.keyFile, served.keyFile);
    process.kill(vault.pid, 'SIGHUP');
    await until('Vault to show the new certificate', async () => (await shownUntil(vault)) < new Date());
    await expectRefused({ ca_cert: own.caFile }, 'has expired', 'renew the certificate');
  });
});

/** How long the certificate of the listener is good. */
async function shownUntil({ settings }: VaultNode): Promise<Date> {
  const { promise, resolve, reject } = Promise.withResolvers<Date>();
  const socket = connect({ host: settings.ip, port: settings.port, rejectUnauthorized: false });
  socket.once('secureConnect', () => resolve(new Date(socket.getPeerCertificate().valid_to))).once('error', reject);
  return promise.finally(() => socket.destroy());
}
