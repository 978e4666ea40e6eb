import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { VAULT } from '../test/servers/binaries.ts';
import { buildServer } from '../test/servers/build.ts';
import { dyingWithParent } from '../test/servers/child.ts';
import { removeVault, startEmptyVault, startVault } from '../test/servers/vault.ts';
import { appRole, SNAPSHOT_POLICY } from '../test/servers/vault-data.ts';
import type { VaultNode } from '../test/servers/vault-node.ts';
import { until } from '../test/servers/wait.ts';
import { realServers } from './vault.ts';

const SECRETS = 200;
const NODE_ID = 'vault-1';
const POLICY = `${SNAPSHOT_POLICY}
path "secret/data/check_timestamp" { capabilities = ["create", "update", "read"] }
`;
const root = join(import.meta.dirname, '..');

/** The program as an operator runs it, its lines as they come; resolves with its exit code. */
async function program(args: readonly string[], config: string, signal: AbortSignal): Promise<number> {
  console.log(`\n$ vault-snapshotd ${args.join(' ')}`);
  const [file, full] = dyingWithParent(join(root, 'bin/vault-snapshotd'), [...args, '--config', config]);
  // None of the shell's VAULT_* variables: the demo must not reach for a real cluster.
  const child = spawn(file, [...full], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: process.env.HOME } });
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on('line', (line) => console.log(`  ${line}`));
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  return code ?? 1;
}

/** Some secrets, and an identity for the program. */
async function furnish(node: VaultNode) {
  await node.write('sys/mounts/secret', { type: 'kv', options: { version: '2' } });
  await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
  await until('the mount', async () => (await node.request('GET', 'secret/data/none', undefined, node.rootToken)).status === 404);
  for (let number = 0; number < SECRETS; number++) await node.write(`app/customer-${number}`, { key: `value of ${number}` });
  return appRole(node, { policy: POLICY });
}

/** How many of the secrets are there and are what they were. */
async function count(node: VaultNode): Promise<number> {
  let equal = 0;
  for (let number = 0; number < SECRETS; number++) {
    const { json } = await node.request('GET', `app/customer-${number}`, undefined, node.rootToken);
    if ((json.data as Record<string, unknown> | undefined)?.key === `value of ${number}`) equal++;
  }
  return equal;
}

async function configure(folder: string, binary: string, node: VaultNode): Promise<{ readonly daemon: string; readonly recovery: string }> {
  const { roleId, secretId } = await furnish(node);
  const [daemon, recovery, shares, secret] = ['snapshot.json', 'recovery.json', 'shares', 'secret-id'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const common = {
    addr: node.address,
    role_id: roleId,
    secret_id: { file: secret },
    spool_path: join(folder, 'state'),
    canary: { mount: 'secret' },
    local_storage: { path: join(folder, 'snapshots') },
  };
  await mkdir(common.spool_path, { mode: 0o700 });
  await writeFile(secret, secretId, { mode: 0o600 });
  await writeFile(shares, `${node.keys.slice(0, node.threshold).join('\n')}\n`, { mode: 0o600 });
  await writeFile(daemon, JSON.stringify(common), { mode: 0o600 });
  // The shares of people have no place beside the daemon: recovery has a file of its own.
  await writeFile(recovery, JSON.stringify({ ...common, recovery: { shares: [{ file: shares }] }, drill: { binary } }), { mode: 0o600 });
  return { daemon, recovery };
}

async function play(binary: string, folder: string, signal: AbortSignal): Promise<number> {
  console.log(`A Vault with 3 unseal keys, of which 2 open it (${binary}), and ${SECRETS} secrets in it.`);
  const lost = await startVault({ binary, shares: 3, threshold: 2, nodeId: NODE_ID });
  let fresh: VaultNode | undefined;
  try {
    const { daemon, recovery } = await configure(folder, binary, lost);
    if ((await program(['--once'], daemon, signal)) !== 0) return 1;

    console.log('\nWould it come back? A drill on a server that is thrown away:');
    await program(['drill'], recovery, signal);

    const { port } = lost.settings;
    const { keys, rootToken, threshold } = lost;
    await removeVault(lost);
    console.log('\nThe server is killed and its disk is gone. A new one, on a new disk, holds nothing:');
    fresh = await startEmptyVault({ binary, port, nodeId: NODE_ID });
    console.log(`  ${(await fresh.request('GET', 'sys/seal-status')).text.trim()}`);
    if ((await program(['bootstrap'], recovery, signal)) !== 0) return 1;

    fresh.keys = keys;
    fresh.rootToken = rootToken;
    fresh.threshold = threshold;
    const equal = await count(fresh);
    console.log(`\nRead back with the root token of the Vault that was lost: ${equal} of ${SECRETS} secrets are what they were.`);
    console.log('\nOnce more, as a service would at every start:');
    const again = await program(['bootstrap'], recovery, signal);
    return equal === SECRETS ? again : 1;
  } finally {
    await removeVault(lost);
    if (fresh) await removeVault(fresh);
  }
}

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const [binary = await buildServer(VAULT, console.log, stop.signal)] = await realServers();
  const folder = await mkdtemp(join(tmpdir(), 'recovery-demo-'));
  try {
    return await play(binary, folder, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return 130;
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

process.exitCode = await main();
