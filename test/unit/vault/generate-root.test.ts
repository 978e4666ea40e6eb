import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { SnapshotError } from '../../../src/errors.ts';
import type { Recorded, Reply, Script } from '../../fakes/vault/http-vault.ts';
import { NEVER, scriptedTarget } from '../recovery/some-target.ts';

const ENDLESS = 'hvs.endless-token-of-the-shares';
const OTP = 'a-one-time-password-as-long-as-';
const ENCODED = Buffer.from(Buffer.from(ENDLESS).map((byte, at) => byte ^ OTP.charCodeAt(at)))
  .toString('base64')
  .replace(/=+$/, '');
const REVOKE = 'POST auth/token/revoke-self';
const LOOKUP = 'GET auth/token/lookup-self';
const BROKEN: Reply = { status: 500, json: { errors: ['no'] } };
const DEAD: Reply = { status: 403, json: { errors: ['permission denied', 'invalid token'] } };
const SHARES = ['one', 'two', 'three'].map((text) => new Secret(text));
const REFUSED: Reply = { status: 400, json: { errors: ['root generation failed: cipher: message authentication failed'] } };

/** A server that wants two shares, and does otherwise where the script says so. */
async function generate(script: (asked: string, request: Recorded) => Reply, shares = SHARES, signal = NEVER) {
  let given = 0;
  const usual: Script = ({ method, path }) => {
    if (path === 'auth/token/lookup-self') return { status: 200, json: { data: { accessor: 'acc3ssor' } } };
    if (method === 'GET') return { status: 200, json: { started: false } };
    if (method === 'DELETE' || path === 'auth/token/revoke-self') return { status: 204 };
    if (path.endsWith('/attempt')) return { status: 200, json: { nonce: 'n', otp: OTP, required: 2 } };
    if (path.endsWith('/update')) return { status: 200, json: ++given === 2 ? { complete: true, encoded_token: ENCODED } : { complete: false } };
    return { status: 200, json: { auth: { client_token: 'hvs.short' } } };
  };
  const { target, server } = await scriptedTarget((request, response) => script(`${request.method} ${request.path}`, request) ?? usual(request, response));
  const remaining: (string | undefined)[] = [];
  const result = await target
    .generateRoot(shares, (accessor) => void remaining.push(accessor), signal)
    .then(
      (token) => ({ token: token.reveal() }),
      (error: unknown) => ({ error }),
    );
  return { result, remaining, server, asked: server.requests.map(({ method, path }) => `${method} ${path.replace('sys/generate-root/', '')}`) };
}

const as = ({ requests }: { readonly requests: readonly Recorded[] }, path: string) =>
  requests.filter((one) => one.path === path).map(({ headers }) => headers['x-vault-token']);

describe('a token from shares', () => {
  it('is one that ends: the endless one makes it and is gone at once', async () => {
    const { result, remaining, server, asked } = await generate(() => undefined);
    expect(result).toEqual({ token: 'hvs.short' });
    expect(asked).toEqual(['GET attempt', 'POST attempt', 'POST update', 'POST update', LOOKUP, 'POST auth/token/create', REVOKE]);
    expect(remaining).toEqual([]);
    expect([...as(server, 'auth/token/create'), ...as(server, 'auth/token/revoke-self')]).toEqual([ENDLESS, ENDLESS]);
    const { json } = server.requests.find(({ path }) => path === 'auth/token/create')!;
    expect(json).toMatchObject({ policies: ['root'], no_parent: true, ttl: '30m', explicit_max_ttl: '30m', renewable: false });
  });

  it('leaves no endless one behind where no other can be made', async () => {
    const { result, asked } = await generate((asked) => (asked === 'POST auth/token/create' ? { status: 500, json: { errors: ['no'] } } : undefined));
    expect(result).toMatchObject({ error: { code: 'vault_error' } });
    expect(asked.at(-1)).toBe('POST auth/token/revoke-self');
  });

  it('is tried again where the endless one is not revoked at once', async () => {
    let refusals = 2;
    const { result, remaining, asked } = await generate((asked) => (asked === REVOKE && refusals-- > 0 ? BROKEN : undefined));
    expect([result, remaining]).toEqual([{ token: 'hvs.short' }, []]);
    expect(asked.filter((one) => one === REVOKE)).toHaveLength(3);
  });

  it('is content where only the answer to the revocation was lost', async () => {
    let isDead = false;
    const { result, remaining, asked } = await generate((asked) => {
      if (asked === REVOKE) isDead = true;
      if (isDead) return asked === REVOKE ? BROKEN : DEAD;
      return undefined;
    });
    expect([result, remaining]).toEqual([{ token: 'hvs.short' }, []]);
    expect(asked.slice(-2)).toEqual([REVOKE, LOOKUP]);
  });

  it.each([
    { what: 'a server that breaks', reply: BROKEN },
    { what: 'a refusal that is not of the server', reply: { status: 403, text: '<html>blocked</html>' } },
  ])('names the endless one that remains behind $what', async ({ reply }) => {
    let isMade = false;
    const { result, remaining } = await generate((asked) => {
      if (asked === 'POST auth/token/create') isMade = true;
      else if (isMade) return reply;
      return undefined;
    });
    expect([result, remaining]).toEqual([{ token: 'hvs.short' }, ['acc3ssor']]);
  });

  it('names no accessor that would not be safe to paste', async () => {
    const { remaining } = await generate((asked) => {
      if (asked === LOOKUP) return { status: 200, json: { data: { accessor: 'a; rm -r /' } } };
      return asked === REVOKE ? BROKEN : undefined;
    });
    expect(remaining).toEqual([undefined]);
  });

  it('revokes the endless one when it is told to stop', async () => {
    const stop = new AbortController();
    const { result, asked } = await generate(
      (asked) => {
        if (asked === 'POST auth/token/create') stop.abort(new SnapshotError('stopped', 'told to'));
        return undefined;
      },
      SHARES,
      stop.signal,
    );
    expect(result).toMatchObject({ error: { code: 'stopped' } });
    expect(asked.at(-1)).toBe(REVOKE);
  });

  it('ends an attempt that somebody left open', async () => {
    const { result, asked } = await generate((asked) =>
      asked === 'GET sys/generate-root/attempt' ? { status: 200, json: { started: true, nonce: 'other' } } : undefined,
    );
    expect(result).toEqual({ token: 'hvs.short' });
    expect(asked.slice(0, 3)).toEqual(['GET attempt', 'DELETE attempt', 'POST attempt']);
  });

  it.each([
    { status: 405, errors: ['unsupported operation'] },
    { status: 404, errors: [] },
    { status: 403, errors: ['permission denied'] },
  ])('names the setting of the server that is closed with $status', async ({ status, errors }) => {
    const { result, asked } = await generate(() => ({ status, json: { errors } }));
    expect(result).toMatchObject({ error: { code: 'no_token', message: expect.stringContaining('generate-root is closed here') } });
    const advice = expect.stringMatching(/disable_unauthed_generate_root_endpoints = false.*enable_unauthenticated_access = \["generate-root"\]/);
    expect(result).toMatchObject({ error: { advice } });
    expect(asked).toEqual(['GET attempt']);
  });

  it('names it where only the beginning of an attempt is closed', async () => {
    const { result } = await generate((asked) =>
      asked === 'POST sys/generate-root/attempt' ? { status: 405, json: { errors: ['unsupported operation'] } } : undefined,
    );
    expect(result).toMatchObject({ error: { code: 'no_token' } });
  });

  it.each([
    { what: 'wrong shares', shares: SHARES, reply: REFUSED, code: 'wrong_unseal_keys' },
    { what: 'too few shares', shares: SHARES.slice(0, 1), reply: undefined, code: 'no_token' },
    { what: 'a token that is none', shares: SHARES, reply: { status: 200, json: { complete: true, encoded_token: 'c2hvcnQ' } }, code: 'vault_bad_answer' },
    { what: 'a server that breaks', shares: SHARES, reply: { status: 500, json: { errors: ['disk'] } }, code: 'vault_error' },
  ])('deletes its attempt after $what', async ({ shares, reply, code }) => {
    const { result, asked } = await generate(
      (asked) => (asked === 'PUT sys/generate-root/update' || asked === 'POST sys/generate-root/update' ? reply : undefined),
      shares,
    );
    expect(result).toMatchObject({ error: { code } });
    expect(asked.at(-1)).toBe('DELETE attempt');
  });

  it('deletes its attempt when it is told to stop', async () => {
    const stop = new AbortController();
    const { result, asked } = await generate(
      (asked) => {
        if (asked === 'POST sys/generate-root/update') stop.abort(new SnapshotError('stopped', 'told to'));
        return undefined;
      },
      SHARES,
      stop.signal,
    );
    expect(result).toMatchObject({ error: { code: 'stopped' } });
    expect(asked.at(-1)).toBe('DELETE attempt');
  });
});
