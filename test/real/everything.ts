import type { AppRole } from '../servers/vault-data.ts';
import { appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';

const WRITERS = 8;

/** What an identity needs that restores, as docs/restore.md has it. */
const RESTORE_POLICY = `
path "sys/storage/raft/snapshot" { capabilities = ["read", "update"] }
path "sys/storage/raft/snapshot-force" { capabilities = ["update"] }
path "sys/storage/raft/configuration" { capabilities = ["read"] }
path "sys/storage/raft/autopilot/state" { capabilities = ["read"] }
path "sys/ha-status" { capabilities = ["read"] }
`;

/** An identity that may take snapshots and restore them. */
export function restoreRole(node: VaultNode): Promise<AppRole> {
  return appRole(node, { role: 'restore', policy: RESTORE_POLICY });
}

/** Secrets in three mounts, policies, and ways to log in. */
export async function writeEverything(node: VaultNode, secrets: number): Promise<void> {
  await node.write('sys/mounts/app', { type: 'kv', options: { version: '2' } });
  await node.write('sys/mounts/legacy', { type: 'kv', options: { version: '1' } });
  await node.write('sys/mounts/teams/deep', { type: 'kv', options: { version: '2' } });
  await node.write('sys/auth/people', { type: 'userpass' });
  await node.write('sys/policies/acl/readers', { policy: 'path "app/data/*" { capabilities = ["read"] }' });
  // A mount of version 2 is made ready behind its answer.
  for (const mount of ['app', 'teams/deep']) {
    const isReady = async () => (await node.request('PUT', `${mount}/data/first`, { data: { value: 'first' } }, node.rootToken)).status === 200;
    await until(`the mount ${mount}`, isReady);
  }
  for (const name of ['ada', 'grace']) await node.write(`auth/people/users/${name}`, { password: `word of ${name}`, token_policies: ['readers'] });
  let next = 0;
  const writer = async () => {
    for (let number = next++; number < secrets; number = next++) {
      const { path, body } = secretAt(number);
      await node.write(path, body);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

function secretAt(number: number): { readonly path: string; readonly body: unknown } {
  if (number % 10 === 0) return { path: `legacy/secret-${number}`, body: { value: `old ${number}` } };
  const mount = number % 10 === 1 ? 'teams/deep' : 'app';
  const password = `pass ${number} ü "${'x'.repeat(number % 300)}"`;
  return { path: `${mount}/data/team-${number % 7}/secret-${number}`, body: { data: { password, number } } };
}

/** All that was written, as a client reads it. */
export async function readEverything(node: VaultNode, secrets: number): Promise<Readonly<Record<string, unknown>>> {
  const fixed = ['app/data/first', 'sys/policies/acl/readers', 'sys/mounts/app/tune', 'sys/mounts/legacy/tune', 'auth/people/users/ada'];
  const paths = [...fixed, ...Array.from({ length: secrets }, (_, number) => secretAt(number).path)];
  const found: Record<string, unknown> = {};
  let next = 0;
  const reader = async () => {
    for (let path = paths[next++]; path !== undefined; path = paths[next++]) {
      const { status, json, text } = await node.request('GET', path, undefined, node.rootToken);
      if (status !== 200) throw new Error(`read ${path}: ${status} ${text}`);
      found[path] = json.data;
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, reader));
  for (const name of ['ada', 'grace']) {
    const { status } = await node.request('PUT', `auth/people/login/${name}`, { password: `word of ${name}` });
    found[`login of ${name}`] = status;
  }
  return found;
}
