import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { giveShares, untilLeading, untilServing } from '../../../src/recovery/unseal.ts';
import { failureOf } from '../../fakes/vault/client-of.ts';
import type { Reply } from '../../fakes/vault/http-vault.ts';
import { HurriedClock, NEVER, SERVING, scriptedTarget, sealStatus } from './some-target.ts';

const SHARES = ['first-share', 'second-share', 'third-share', 'fourth-share'].map((share) => new Secret(share));

/** A server that wants three of five, and answers the last one with this. */
async function sealedServer(last: Reply, progress = 0) {
  let given = progress;
  return await scriptedTarget(({ path, json }) => {
    if (path === 'sys/seal-status') return sealStatus({ sealed: true, progress: given });
    given = json.reset === true ? 0 : given + 1;
    return given === 3 ? last : sealStatus({ sealed: true, progress: given });
  });
}

describe('giving shares', () => {
  it('gives no more than are needed', async () => {
    const { target, server } = await sealedServer(sealStatus());
    await giveShares(target, SHARES, NEVER);
    expect(server.requests.filter(({ path }) => path === 'sys/unseal').map(({ json }) => json.key)).toEqual(['first-share', 'second-share', 'third-share']);
  });

  it('forgets those of an attempt that somebody broke off', async () => {
    const { target, server } = await sealedServer(sealStatus(), 2);
    await giveShares(target, SHARES, NEVER);
    expect(server.requests[1]?.json).toEqual({ reset: true });
  });

  it('gives none where there are too few', async () => {
    const { target, server } = await sealedServer(sealStatus());
    expect(await failureOf(giveShares(target, SHARES.slice(0, 2), NEVER))).toMatchObject({ code: 'level_installed', exitCode: 11 });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    { words: 'cipher: message authentication failed', advice: 'in use when the snapshot was taken' },
    { words: 'crypto/aes: invalid key size 33', advice: 'restart the server' },
  ])('tells what to do about "$words", and prints no share', async ({ words, advice }) => {
    const { target } = await sealedServer({ status: 400, json: { errors: [words] } });
    const error = await failureOf(giveShares(target, SHARES, NEVER), 'first-share', 'third-share');
    expect(error).toMatchObject({ code: 'wrong_unseal_keys' });
    expect(error.advice).toContain(advice);
  });

  it('finds it out when one share was given twice', async () => {
    const { target } = await sealedServer(sealStatus({ sealed: true, progress: 2 }));
    expect(await failureOf(giveShares(target, SHARES, NEVER))).toMatchObject({ code: 'wrong_unseal_keys' });
  });
});

describe('waiting for a server of its own to lead', () => {
  const lead = async (isLeading: (asked: number) => boolean) => {
    let asked = 0;
    const { target } = await scriptedTarget(({ path }) => {
      if (path === 'sys/leader') return { status: 200, json: { is_self: true } };
      return { status: 200, json: { ...SERVING, standby: !isLeading(++asked) } };
    });
    await untilLeading(target, new HurriedClock(), NEVER);
    return asked;
  };

  it('lets a second go by after it has begun to, so that a restore does not meet the server while it sets itself up', async () => {
    expect(await lead((asked) => asked > 4)).toBe(7);
  });

  it('begins anew when it leads no more', async () => {
    expect(await lead((asked) => asked !== 2)).toBe(5);
  });

  it('gives up on one that never does', async () => {
    expect(await failureOf(lead(() => false))).toMatchObject({ code: 'init_failed' });
  });
});

describe('waiting for an unsealed server', () => {
  const wait = async (seal: (asked: number) => Reply, health: (asked: number) => Reply = () => ({ status: 200, json: SERVING })) => {
    let asked = 0;
    const { target } = await scriptedTarget(({ path }) => {
      if (path === 'sys/seal-status') return seal(++asked);
      return path === 'sys/leader' ? { status: 200, json: { is_self: true } } : health(asked);
    });
    await untilServing(target, new HurriedClock(), 60_000, NEVER);
    return asked;
  };

  it('wants it to serve for five seconds on end', async () => {
    expect(
      await wait(
        () => sealStatus(),
        (asked) => (asked === 4 ? { status: 500 } : { status: 200, json: SERVING }),
      ),
    ).toBe(15);
  });

  it.each([
    { what: 'seals itself again', changes: { sealed: true }, says: 'sealed itself again right after' },
    { what: 'was put out of its cluster', changes: { sealed: true, removed_from_cluster: true }, says: 'node_id is not one of the snapshot' },
  ])('fails for one that $what', async ({ changes, says }) => {
    const error = await failureOf(wait((asked) => sealStatus(asked > 3 ? changes : {})));
    expect(error).toMatchObject({ code: 'node_removed' });
    expect(error.message).toContain(says);
  });
});
