import { describe, expect, it } from 'vitest';
import { afterRenewal, backOffMs, isUsable, planToken, refusalPauseMs } from '../../../src/vault/renewal.ts';

const HOUR = 3_600_000;
const LIFE = { lifeMs: HOUR, expiresAtMs: HOUR, isRenewable: true, usesLeft: undefined };

describe('the life of a token', () => {
  it.each([
    { name: 'renews at two thirds', life: LIFE, jitter: 0, step: { do: 'renew', atMs: 2_400_000 } },
    { name: 'renews a little earlier with jitter', life: LIFE, jitter: 1, step: { do: 'renew', atMs: 2_040_000 } },
    { name: 'renews at once what was found late', life: { ...LIFE, expiresAtMs: 600_000 }, jitter: 0, step: { do: 'renew', atMs: -600_000 } },
    {
      name: 'logs in again before a token ends that cannot be renewed',
      life: { ...LIFE, isRenewable: false },
      jitter: 0,
      step: { do: 'login', atMs: 3_240_000 },
    },
    { name: 'logs in a little earlier with jitter', life: { ...LIFE, isRenewable: false }, jitter: 1, step: { do: 'login', atMs: 2_880_000 } },
    { name: 'spends no use on a renewal', life: { ...LIFE, usesLeft: 3 }, jitter: 0, step: { do: 'login', atMs: 3_240_000 } },
    { name: 'leaves a token alone that never ends', life: { ...LIFE, lifeMs: 0, expiresAtMs: 0 }, jitter: 1, step: { do: 'keep' } },
  ])('$name', ({ life, jitter, step }) => {
    expect(planToken(life, jitter)).toEqual(step);
  });

  it.each([
    { name: 'fresh', life: LIFE, at: 0, usable: true },
    { name: 'in its last seconds', life: LIFE, at: HOUR - 20_000, usable: false },
    { name: 'with half a minute left', life: LIFE, at: HOUR - 30_000, usable: false },
    { name: 'with more than half a minute left', life: LIFE, at: HOUR - 30_001, usable: true },
    { name: 'ended', life: LIFE, at: HOUR + 1, usable: false },
    { name: 'without an end', life: { ...LIFE, lifeMs: 0, expiresAtMs: 0 }, at: 9 * HOUR, usable: true },
    { name: 'used up', life: { ...LIFE, usesLeft: 0 }, at: 0, usable: false },
    { name: 'of ten seconds, fresh', life: { ...LIFE, lifeMs: 10_000, expiresAtMs: 10_000 }, at: 0, usable: true },
    { name: 'of ten seconds, half a second before its end', life: { ...LIFE, lifeMs: 10_000, expiresAtMs: 10_000 }, at: 9500, usable: false },
    { name: 'of ten seconds, just before that', life: { ...LIFE, lifeMs: 10_000, expiresAtMs: 10_000 }, at: 9499, usable: true },
  ])('a token $name is usable: $usable', ({ life, at, usable }) => {
    expect(isUsable(life, at)).toBe(usable);
  });

  it('takes a full renewal for what it is', () => {
    expect(afterRenewal(LIFE, { lifeMs: HOUR, isRenewable: true }, 1000)).toEqual({ ...LIFE, expiresAtMs: HOUR + 1000 });
  });

  it.each([
    { what: 'a second less, for Vault rounds', grantedMs: HOUR - 1000, lifeMs: HOUR },
    { what: 'a twentieth and a second less', grantedMs: 3_419_000, lifeMs: HOUR },
    { what: 'more than was asked', grantedMs: 2 * HOUR, lifeMs: 2 * HOUR },
  ])('takes $what for a full renewal', ({ grantedMs, lifeMs }) => {
    expect(afterRenewal(LIFE, { lifeMs: grantedMs, isRenewable: true }, 0)).toEqual({ ...LIFE, lifeMs, expiresAtMs: grantedMs });
  });

  it('takes still less for the end that is near', () => {
    expect(afterRenewal(LIFE, { lifeMs: 3_418_999, isRenewable: true }, 0)).toMatchObject({ lifeMs: 3_418_999, isRenewable: false });
  });

  it('renews no more once Vault says that it cannot', () => {
    expect(afterRenewal(LIFE, { lifeMs: HOUR, isRenewable: false }, 0)).toEqual({ ...LIFE, isRenewable: false });
  });

  it('knows from a short renewal that the maximum is near', () => {
    expect(afterRenewal(LIFE, { lifeMs: 600_000, isRenewable: true }, 1000)).toEqual({
      lifeMs: 600_000,
      expiresAtMs: 601_000,
      isRenewable: false,
      usesLeft: undefined,
    });
  });

  it('backs off from one second to one minute', () => {
    expect([0, 1, 5, 6, 5000].map((failures) => backOffMs(failures, 0))).toEqual([1000, 2000, 32_000, 60_000, 60_000]);
    expect(backOffMs(0, 1)).toBe(500);
  });

  it('waits a minute after the first refusal, then five', () => {
    expect([1, 2, 3, 50].map(refusalPauseMs)).toEqual([60_000, 300_000, 300_000, 300_000]);
  });

  it('makes fewer refused logins in fifteen minutes than lock a role out', () => {
    let at = 0;
    const attempts = [0];
    for (let refusals = 1; at < 60 * 60_000; refusals += 1) {
      at += refusalPauseMs(refusals);
      attempts.push(at);
    }
    const most = Math.max(...attempts.map((from) => attempts.filter((other) => other >= from && other < from + 15 * 60_000).length));
    expect(most).toBe(4);
  });
});
