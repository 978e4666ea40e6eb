import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../servers/ports.ts';
import { removeVault, startEmptyVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from '../system/program.ts';
import type { Settings } from '../system/scene.ts';
import { listen } from './azure-scene.ts';
import { makeRestoreScene } from './restore-scene.ts';

interface Mistake {
  readonly what: string;
  readonly to?: string;
  readonly flags?: readonly string[];
  readonly settings?: Settings;
  readonly code: number;
  readonly says: string;
  readonly hint: string;
}

const LATEST = ['--snapshot', 'latest'];

describe('a mistake at three in the morning', () => {
  let node: VaultNode;
  let free: number;

  beforeAll(async () => {
    node = await startVault();
    [free = 0] = await freePorts('127.0.0.1', 1);
  });

  afterAll(async () => {
    await removeVault(node);
  });

  /** What is told, without the table of the plan: one line of what happened, one of what to do. */
  async function expectTold({ to, flags = LATEST, settings = {}, code, says, hint }: Mistake): Promise<void> {
    const scene = await makeRestoreScene(node);
    await scene.take();
    await mkdir(join(scene.directory, 'nothing'));
    const filled = (text: string) => text.replaceAll('HERE', node.address).replaceAll('FREE', `${free}`).replaceAll('DIR', scene.directory);
    await scene.configure(JSON.parse(filled(JSON.stringify(settings))) as Settings);
    const target = to === undefined ? [] : ['--to', filled(to)];
    const ended = await run(['restore', '--config', scene.config, '--confirm', scene.clusterName, ...target, ...flags.map(filled)]);
    const [told = '', advice = '', ...more] = ended.stderr.trimEnd().split('\n');
    expect({ code: ended.code, more }, ended.stderr).toEqual({ code, more: [] });
    expect(told).toContain(filled(says));
    expect(advice).toContain(`hint: ${filled(hint)}`);
    expect(ended.stderr).not.toContain('"addr"');
  }

  it.each<Mistake>([
    { what: 'no server', code: 2, says: 'restore: --to is missing', hint: 'name the leader itself with --to' },
    {
      what: 'a name alone',
      to: 'vault-1',
      code: 2,
      says: '--to: not an http, https or unix address: "vault-1"',
      hint: 'write for example --to https://vault-1:8200',
    },
    { what: 'no scheme', to: '127.0.0.1:8200', code: 2, says: '--to: not an http, https or unix address', hint: 'write for example --to https' },
    { what: 'the address of the API', to: 'HERE/v1', code: 2, says: '--to: /v1 does not belong to the address', hint: 'write --to HERE' },
    { what: 'the address of the page', to: 'HERE/ui/vault/auth', code: 2, says: '/ui/vault/auth does not belong', hint: 'write --to HERE' },
    {
      what: 'a wrong port',
      to: 'http://127.0.0.1:FREE',
      code: 69,
      says: 'ask: vault: http://127.0.0.1:FREE: ECONNREFUSED',
      hint: 'check that Vault runs and that --to is its listener',
    },
    { what: 'no snapshot', to: 'HERE', flags: [], code: 2, says: 'restore: nothing says which snapshot is meant', hint: 'say --snapshot latest' },
    {
      what: 'a name that is not there',
      to: 'HERE',
      flags: ['--snapshot', 'raft_snapshot-1.snap'],
      code: 1,
      says: 'raft_snapshot-1.snap: is not there',
      hint: 'take an older one',
    },
    { what: 'a directory as a file', to: 'HERE', flags: ['--file', 'DIR'], code: 2, says: 'choose: DIR: is not a file', hint: 'name one snapshot' },
    {
      what: 'a file that is not there',
      to: 'HERE',
      flags: ['--file', 'DIR/x.snap'],
      code: 1,
      says: 'choose: DIR/x.snap: is not there',
      hint: 'check that the file is there',
    },
    {
      what: 'a file that is no snapshot',
      to: 'HERE',
      flags: ['--file', 'DIR/snapshot.json'],
      code: 65,
      says: 'gzip header',
      hint: 'nothing was sent anywhere',
    },
    {
      what: 'an empty destination',
      to: 'HERE',
      settings: { local_storage: { path: 'DIR/nothing' } },
      code: 1,
      says: 'local: there is no proved snapshot',
      hint: 'look at the path',
    },
    {
      what: 'an old secret',
      to: 'HERE',
      settings: { secret_id: 'of yesterday' },
      code: 77,
      says: 'auth/approle/login: status 400',
      hint: 'check role_id, secret_id',
    },
  ])('is told in one line, and what to do in another: $what', expectTold);

  it('is told so: TLS where there is none', async () => {
    const to = node.address.replace('http:', 'https:');
    await expectTold({ what: 'tls', to, code: 69, says: 'does not speak TLS (vault_tls)', hint: 'the listener has tls_disable: write --to with http://' });
  });

  it('is told so: no Vault', async () => {
    const port = await listen(createServer((_, answer) => answer.end('<html>')));
    await expectTold({ what: 'a page', to: `http://127.0.0.1:${port}`, code: 69, says: 'an HTML page', hint: 'something between here and Vault' });
  });

  it('is told so: an empty server', async () => {
    const empty = await startEmptyVault();
    onTestFinished(() => removeVault(empty));
    await expectTold({
      what: 'empty',
      to: empty.address,
      code: 5,
      says: 'is not initialised',
      hint: 'an empty server is filled with "vault-snapshotd bootstrap"',
    });
  });

  it('is told so: a sealed server', async () => {
    const sealed = await startVault();
    onTestFinished(() => removeVault(sealed));
    await sealed.seal();
    await expectTold({ what: 'sealed', to: sealed.address, code: 5, says: 'is sealed', hint: 'unseal it first' });
  });

  it('is told so: another cluster, which does not know us', async () => {
    const other = await startVault();
    onTestFinished(() => removeVault(other));
    const id = (await other.request('GET', 'sys/seal-status')).json.cluster_id as string;
    await expectTold({ what: 'other', to: other.address, code: 77, says: `it is a server of the cluster ${id}`, hint: 'look at --to' });
  });

  it('is told so: a listener that asks for TLS', async () => {
    const server = createServer((_, answer) => answer.writeHead(400).end('Client sent an HTTP request to an HTTPS server.\n'));
    const port = await listen(server);
    await expectTold({
      what: 'plain',
      to: `http://127.0.0.1:${port}`,
      code: 69,
      says: 'that Vault does not write',
      hint: 'the listener speaks TLS: write --to with https://',
    });
  });
});
