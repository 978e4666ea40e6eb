import { randomBytes } from 'node:crypto';
import type { VaultNode } from './vault-node.ts';

/** One raft entry may hold 1 MB. */
const VALUE_BYTES = 800_000;
const WRITERS = 4;

/** Puts that many random bytes into a KV store of its own, so that a snapshot is about as large. */
export async function fill(node: VaultNode, bytes: number, mount = 'filling'): Promise<void> {
  await node.write(`sys/mounts/${mount}`, { type: 'kv', options: { version: '1' } });
  let left = bytes;
  let number = 0;
  const writer = async () => {
    while (left > 0) {
      const size = Math.min(VALUE_BYTES, left);
      left -= size;
      // base64 makes four characters of three bytes.
      await node.write(`${mount}/value-${number++}`, { value: randomBytes(Math.ceil((size * 3) / 4)).toString('base64') });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

/** What the documentation tells operators to grant. */
export const SNAPSHOT_POLICY = `
path "sys/storage/raft/snapshot" { capabilities = ["read"] }
path "sys/storage/raft/configuration" { capabilities = ["read"] }
`;

export interface AppRole {
  readonly roleId: string;
  readonly secretId: string;
}

export interface AppRoleOptions {
  readonly mount?: string;
  readonly role?: string;
  readonly policy?: string;
  /** Fields of the role: token_ttl, token_max_ttl, token_type, token_num_uses, secret_id_num_uses, … */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Makes the auth mount if it is missing, a policy, and a role that has it. */
export async function appRole(node: VaultNode, options: AppRoleOptions = {}): Promise<AppRole> {
  const { mount = 'approle', role = 'snapshot', policy = SNAPSHOT_POLICY, settings = {} } = options;
  const mounts = await node.request('GET', 'sys/auth', undefined, node.rootToken);
  if (!(`${mount}/` in mounts.json)) await node.write(`sys/auth/${mount}`, { type: 'approle' });
  await node.write(`sys/policies/acl/${role}`, { policy });
  await node.write(`auth/${mount}/role/${role}`, { token_policies: [role], ...settings });
  const roleId = await node.request('GET', `auth/${mount}/role/${role}/role-id`, undefined, node.rootToken);
  const secretId = await node.write(`auth/${mount}/role/${role}/secret-id`);
  return { roleId: text(roleId.json, 'role_id'), secretId: text(secretId, 'secret_id') };
}

/** A token with the snapshot policy, or another one. `settings`: ttl, explicit_max_ttl, type, num_uses, no_parent, … */
export async function createToken(node: VaultNode, settings: Readonly<Record<string, unknown>> = {}, policy = SNAPSHOT_POLICY): Promise<string> {
  await node.write('sys/policies/acl/snapshot', { policy });
  const answer = await node.write('auth/token/create', { policies: ['snapshot'], ...settings });
  return (answer.auth as { readonly client_token: string }).client_token;
}

function text(answer: Record<string, unknown>, field: string): string {
  return (answer.data as Record<string, string>)[field] ?? '';
}
