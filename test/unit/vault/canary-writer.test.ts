import { afterEach, describe, expect, it } from 'vitest';
import type { CanaryPlace } from '../../../src/vault/contract.ts';
import { type Answers, ok, startAnsweringVault } from '../../fakes/vault/answering-vault.ts';
import { failureOf, literal } from '../../fakes/vault/client-of.ts';

const NEVER = new AbortController().signal;
const PLACE: CanaryPlace = { mount: 'secret', path: 'team/check', namespace: undefined, field: 'value', kvVersion: undefined };
const FIELDS = { value: '1767323045', round_id: 'round-1' };
const MOUNT = 'sys/internal/ui/mounts/secret/team/check';
const TOKEN = ok({ data: { ttl: 0, creation_ttl: 0, renewable: false, num_uses: 0 } });
const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((vault) => vault.close()));
});

async function write(answers: Answers, place: Partial<CanaryPlace> = {}) {
  const vault = await startAnsweringVault({ 'auth/token/lookup-self': TOKEN, ...answers }, { auth: { method: 'token', token: literal('s.token-1') } });
  started.push(vault);
  return { requests: vault.server.requests, written: vault.client.writeCanary({ ...PLACE, ...place }, FIELDS, NEVER) };
}

const told = (options: unknown, path = 'secret/', type = 'kv') => ok({ data: { type, path, options } });

describe('a canary', () => {
  it.each([
    { what: 'version 2', options: { version: '2' }, path: 'secret/data/team/check', version: 2, body: { data: FIELDS } },
    { what: 'version 1', options: { version: '1' }, path: 'secret/team/check', version: 1, body: FIELDS },
    { what: 'version 1 of old', options: null, path: 'secret/team/check', version: 1, body: FIELDS },
  ])('goes to where a store of $what has it', async ({ options, path, version, body }) => {
    const { requests, written } = await write({ [MOUNT]: told(options), [path]: ok({}) }, { namespace: 'team-a' });
    expect(await written).toBe(version);
    expect(requests.map(({ method, path: asked }) => `${method} ${asked}`).slice(-2)).toEqual([`GET ${MOUNT}`, `POST ${path}`]);
    expect(requests.at(-1)?.json).toEqual(body);
    expect(requests.slice(-2).map(({ headers }) => headers['x-vault-namespace'])).toEqual(['team-a', 'team-a']);
  });

  it('asks nothing where the version is said', async () => {
    const { requests, written } = await write({ 'secret/team/check': ok({}) }, { kvVersion: 1 });
    expect(await written).toBe(1);
    expect(requests.some(({ path }) => path === MOUNT)).toBe(false);
  });

  it.each([
    { what: 'a store of another kind', answers: { [MOUNT]: told(null, 'secret/', 'database') }, code: 'vault_error', says: 'is no KV store' },
    { what: 'a store further down', answers: { [MOUNT]: told(null, 'secret/team/') }, code: 'vault_error', says: 'mounted at secret/team/' },
    { what: 'an answer without anything', answers: { [MOUNT]: ok({}) }, code: 'vault_error', says: 'is no KV store' },
    {
      what: 'a policy that does not grant it',
      answers: { [MOUNT]: told({ version: '2' }), 'secret/data/team/check': { status: 403, json: { errors: ['permission denied'] } } },
      code: 'vault_denied',
      says: 'permission denied',
      advice: 'path "secret/data/team/check" { capabilities = ["create", "update", "read"] }',
    },
    {
      what: 'no store at all',
      answers: { [MOUNT]: told({ version: '2' }), 'secret/data/team/check': { status: 404, json: { errors: ['no handler for route'] } } },
      code: 'vault_error',
      says: 'no handler',
      advice: 'there is no KV store at secret',
    },
  ])('is refused by $what, and told what to do', async ({ answers, code, says, advice }) => {
    const { written } = await write(answers);
    const error = await failureOf(written, 's.token-1');
    expect(error.code).toBe(code);
    expect(error.message).toContain(says);
    if (advice !== undefined) expect(error.advice).toContain(advice);
  });
});
