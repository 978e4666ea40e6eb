import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { findToken, withToken } from '../../../src/recovery/token.ts';
import type { Reply, Script } from '../../fakes/vault/http-vault.ts';
import { NEVER, scriptedTarget, TOKEN } from './some-target.ts';

const OTP = '0123456789';
const BROKEN: Reply = { status: 500, json: { errors: ['no'] } };

/** Its shares make a token that nothing revokes. */
const clinging =
  (accessor: string | undefined): Script =>
  ({ method, path, headers }) => {
    if (path.endsWith('/attempt')) return { status: 200, json: method === 'GET' ? { started: false } : { nonce: 'n', otp: OTP, required: 1 } };
    if (path.endsWith('/update')) return { status: 200, json: { complete: true, encoded_token: 'AAAAAAAAAAAAAA==' } };
    if (path.endsWith('/create')) return { status: 200, json: { auth: { client_token: 'hvs.short' } } };
    if (path.endsWith('/lookup-self') && headers['x-vault-token'] === OTP && accessor !== undefined) return { status: 200, json: { data: { accessor } } };
    return path.endsWith('/lookup-self') && headers['x-vault-token'] !== OTP ? { status: 403, json: { errors: ['permission denied'] } } : BROKEN;
  };

describe('a token for a restored server', () => {
  it.each([
    { accessor: 'acc3ssor', named: 'acc3ssor', remedy: 'run "vault token revoke -accessor acc3ssor"' },
    { accessor: undefined, named: 'not known', remedy: 'find the one whose path is auth/token/root below "vault list auth/token/accessors", and revoke it' },
  ])('tells of a root token that remains, accessor $named', async ({ accessor, named, remedy }) => {
    const { target } = await scriptedTarget(clinging(accessor));
    const told = { warnings: [], leftBehind: [] };
    const { way } = await findToken(target, [new Secret('one')], told, NEVER);
    expect(way).toBe('shares');
    expect(told.leftBehind).toEqual([`root token at ${target.address}, accessor ${named}`]);
    expect(told.warnings).toEqual([`vault: ${target.address}: the root token that the shares made could not be revoked and never ends: ${remedy}`]);
  });

  it.each<{ what: string; reply: Reply; warnings: readonly string[] }>([
    { what: 'is revoked', reply: { status: 204 }, warnings: [] },
    { what: 'the server knows no more', reply: { status: 403, json: { errors: ['permission denied'] } }, warnings: [] },
    { what: 'is behind other keys', reply: { status: 503, json: { errors: ['Vault is sealed'] } }, warnings: [] },
    { what: 'is not revoked', reply: BROKEN, warnings: ['a token of ours was not revoked and ends by itself: vault: auth/token/revoke-self: status 500, no'] },
  ])('warns of one for minutes only where it may live on: one that $what', async ({ reply, warnings }) => {
    const { target } = await scriptedTarget(() => reply);
    const told = { warnings: [], leftBehind: [] };
    expect(await withToken({ token: TOKEN, isFresh: true, lifeMs: undefined }, target, told, async () => 'done')).toBe('done');
    expect(told).toEqual({ warnings: warnings.map((text) => `vault: ${target.address}: ${text}`), leftBehind: [] });
  });
});
