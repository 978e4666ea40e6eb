import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { ArchiveVerifier } from '../src/snapshot/archive.ts';
import { dyingWithParent } from '../test/servers/child.ts';
import { type DemoVault, startDemoVault } from './vault.ts';

const ROUNDS = 4;
const PATIENCE_MS = 90_000;
const TAKEN = 'Successfully created local snapshot';
const root = join(import.meta.dirname, '..');

interface Place {
  readonly configFile: string;
  readonly snapshots: string;
}

/** A folder for this run alone: a second run meets another practice cluster, and snapshots of two clusters do not mix. */
async function prepare(vault: DemoVault): Promise<Place> {
  const folder = join(root, 'demo-snapshots', new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''));
  const place = { configFile: join(folder, 'snapshot.json'), snapshots: join(folder, 'snapshots') };
  const secretFile = join(folder, 'secret-id');
  await mkdir(join(folder, 'state'), { recursive: true, mode: 0o700 });
  await writeFile(secretFile, vault.secretId, { mode: 0o600 });
  const config = {
    addr: vault.address,
    role_id: vault.roleId,
    secret_id: { file: secretFile },
    frequency: '5s',
    retain: 3,
    spool_path: join(folder, 'state'),
    local_storage: { path: place.snapshots },
  };
  await writeFile(place.configFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return place;
}

/** The daemon as an operator runs it, its lines as they come; resolves with its exit code after some rounds and a SIGTERM. */
async function runDaemon(place: Place, signal: AbortSignal): Promise<number | null> {
  const [file, args] = dyingWithParent(join(root, 'bin/vault-snapshotd'), ['--config', place.configFile]);
  // None of the shell's VAULT_* variables: the demo must not reach for a real cluster.
  const daemon = spawn(file, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: process.env.HOME } });
  const end = () => daemon.kill('SIGTERM');
  const patience = setTimeout(end, PATIENCE_MS);
  signal.addEventListener('abort', end, { once: true });
  let rounds = 0;
  for (const output of [daemon.stdout, daemon.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      console.log(`  ${line}`);
      if (line.includes(TAKEN) && ++rounds === ROUNDS) end();
    });
  }
  const [code] = (await once(daemon, 'close')) as [number | null];
  clearTimeout(patience);
  signal.removeEventListener('abort', end);
  if (rounds < ROUNDS && !signal.aborted) throw new Error(`only ${rounds} of ${ROUNDS} rounds were seen`);
  return code;
}

/** Every byte of every file once more, as it lies on the disk; resolves with the last one. */
async function verifyAll(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.snap')).sort();
  for (const name of names) {
    const path = join(folder, name);
    const verifier = new ArchiveVerifier();
    for await (const chunk of createReadStream(path)) await verifier.update(chunk as Uint8Array);
    const { meta, entries, sha256 } = await verifier.finish();
    const { size } = await stat(path);
    console.log(`  ${name}  ${size} bytes  raft index ${meta.index}  ${entries} entries  sha256 ${sha256.slice(0, 12)}…  whole`);
  }
  const last = names.at(-1);
  if (last === undefined) throw new Error(`no snapshot lies in ${folder}`);
  return join(folder, last);
}

function sayWhatNext(place: Place, newest: string): void {
  const here = (path: string) => relative(root, path);
  console.log(`
The snapshots stay in ${here(place.snapshots)}. Try next:

  tar tzvf ${here(newest)}
  cat ${here(join(place.snapshots, 'manifests'))}/*.json
  bin/vault-snapshotd check --offline --config ${here(place.configFile)}
  bin/vault-snapshotd help
  npm test
  rm -r demo-snapshots`);
}

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const vault = await startDemoVault(console.log);
  try {
    if (stop.signal.aborted) return 130;
    const place = await prepare(vault);
    console.log(`\nThe daemon, every 5 seconds, ${ROUNDS} rounds:`);
    const code = await runDaemon(place, stop.signal);
    if (stop.signal.aborted) return 130;
    console.log(`\nStopped with SIGTERM; it ended with status ${code}. What lies there, read and checked again:`);
    const newest = await verifyAll(place.snapshots);
    sayWhatNext(place, newest);
    return code ?? 1;
  } finally {
    await vault.close();
  }
}

process.exitCode = await main();
