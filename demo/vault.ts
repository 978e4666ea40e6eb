import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { builtServer, VAULT } from '../test/servers/binaries.ts';
import { removeVault, startVault } from '../test/servers/vault.ts';
import { appRole, fill } from '../test/servers/vault-data.ts';
import { startPracticeVault } from './practice-vault.ts';

const DATA_BYTES = 2_000_000;

export interface DemoVault {
  readonly address: string;
  readonly roleId: string;
  readonly secretId: string;
  close(): Promise<void>;
}

/** A real Vault or OpenBao if this host has one that starts, else the practice server; says which it is. */
export async function startDemoVault(say: (line: string) => void): Promise<DemoVault> {
  for (const binary of await realServers()) {
    try {
      const vault = await startReal(binary);
      say(`Practice Vault: a real server (${binary}) at ${vault.address}, with ${DATA_BYTES / 1_000_000} MB of random data.`);
      return vault;
    } catch (error) {
      say(`${binary} does not start here (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  const practice = await startPracticeVault();
  say(`Practice Vault: no real one is on the PATH or built yet, so a small stand-in of this project at ${practice.address}.`);
  say('It speaks the same endpoints and makes real archives. "npm run servers" builds a real Vault (needs Go).');
  return practice;
}

/** The servers of this host, best first. */
export async function realServers(): Promise<readonly string[]> {
  const built = await builtServer(VAULT);
  return [onPath('vault'), onPath('bao'), built].filter((path) => path !== undefined);
}

async function startReal(binary: string): Promise<DemoVault> {
  const node = await startVault({ binary });
  try {
    const { roleId, secretId } = await appRole(node);
    await fill(node, DATA_BYTES);
    return { address: node.address, roleId, secretId, close: () => removeVault(node) };
  } catch (error) {
    await removeVault(node);
    throw error;
  }
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
