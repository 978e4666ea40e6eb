import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { KubernetesLease } from '../../../src/kubernetes/lease.ts';
import { findServiceAccount } from '../../../src/kubernetes/service-account.ts';
import { type Claim, claimLease } from '../../../src/recovery/bootstrap-lease.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { ApiServer } from '../../fakes/kubernetes/api-server.ts';

const NEVER = new AbortController().signal;
let api: ApiServer;

beforeAll(async () => {
  api = await ApiServer.start();
});

afterEach(() => {
  api.remove('begin');
  api.asked.length = 0;
  api.odd = [];
  api.onAsked = () => undefined;
});

afterAll(() => api.close());

/** One that wants to begin, and its time. */
function contender(holder = 'us') {
  const clock = new FakeClock();
  const lease = new KubernetesLease('begin', findServiceAccount(api.env, api.accountDirectory), clock);
  const said: string[] = [];
  const claim = async (signal = NEVER, waitMs = 600_000) => {
    const held = await claimLease({ lease, holder, clock, waitMs, onWaiting: (what) => void said.push(what) }, signal);
    if (held) onTestFinished(() => held.release());
    return held;
  };
  return { clock, claim, said };
}

async function held(holder?: string): Promise<{ readonly clock: FakeClock; readonly claim: Claim }> {
  const one = contender(holder);
  const claim = await one.claim();
  if (claim === undefined) throw new Error('not ours');
  return { clock: one.clock, claim };
}

const holderNow = () => api.lease('begin')?.spec.holderIdentity;

/** Resolves once the server was asked for that. */
function askedFor(verb: string): Promise<void> {
  return new Promise((resolve) => {
    api.onAsked = (one) => {
      if (one === verb) resolve();
    };
  });
}

describe('the right to begin', () => {
  it('is had at once where nobody has it', async () => {
    await held();
    expect(holderNow()).toBe('us');
    api.put('begin', { holderIdentity: '', leaseDurationSeconds: 15, renewTime: '2026-03-01T11:00:00.000000Z' });
    await held('second');
    expect(holderNow()).toBe('second');
  });

  it('is not ours while its holder lives, whatever his clock says', async () => {
    api.put('begin', { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.000000Z' });
    const { clock, claim } = contender();
    const ended = claim();
    await clock.advance(4_000);
    api.put('begin', { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:05.000000Z' });
    clock.jump(1_000);
    expect(await ended).toBeUndefined();
    expect(holderNow()).toBe('other');
  });

  it('is taken over once its holder has been silent for as long as the lease lasts, also if his clock is ahead', async () => {
    api.put('begin', { holderIdentity: 'dead', leaseDurationSeconds: 15, leaseTransitions: 3, renewTime: '2030-01-01T00:00:00.000000Z' });
    const { clock, claim } = contender();
    const ended = claim();
    await clock.advance(14_000);
    expect(holderNow()).toBe('dead');
    await clock.advance(1_000);
    expect(await ended).toBeDefined();
    expect(api.lease('begin')?.spec).toMatchObject({ holderIdentity: 'us', leaseTransitions: 4 });
  });

  it('is not mistaken for lost life where somebody only labels it', async () => {
    const spec = { holderIdentity: 'dead', leaseDurationSeconds: 3, renewTime: '2026-03-01T11:00:00.000000Z' };
    api.put('begin', spec);
    const { clock, claim } = contender();
    const ended = claim();
    await clock.advance(2_000);
    api.put('begin', spec, { labels: { team: 'a' } });
    await clock.advance(1_000);
    expect(await ended).toBeDefined();
  });

  it('goes to the quicker of two', async () => {
    const both = [contender('one'), contender('two')] as const;
    const ended = both.map(({ claim }) => claim());
    expect(await Promise.race(ended)).toBeDefined();
    const loser = holderNow() === 'one' ? both[1] : both[0];
    await loser.clock.advance(1_000);
    // The winner lives.
    api.put('begin', { ...api.lease('begin')?.spec, renewTime: '2026-03-01T12:00:05.000000Z' });
    loser.clock.jump(1_000);
    expect((await Promise.all(ended)).filter((claim) => claim !== undefined)).toHaveLength(1);
  });

  it('is waited for as long as said, and it is told once whom for and how long', async () => {
    api.put('begin', { holderIdentity: 'stranger', leaseDurationSeconds: 2_000_000, renewTime: '2026-03-01T11:00:00.000000Z' });
    const { clock, claim, said } = contender();
    const ended = expect(claim(NEVER, 20_000)).rejects.toMatchObject({
      code: 'refused',
      message: 'lease begin: stranger showed no life within 20s, and holds it for 2000000s',
    });
    await clock.advance(19_000);
    expect(said).toEqual(['lease begin: held by stranger: watched for a sign of life, 20s at most']);
    clock.jump(1_000);
    await ended;
    expect([holderNow(), said.length]).toEqual(['stranger', 1]);
  });

  it('is waited for no longer than we are let', async () => {
    api.put('begin', { holderIdentity: 'other', leaseDurationSeconds: 15 });
    const stop = new AbortController();
    const { clock, claim } = contender();
    const ended = claim(stop.signal);
    await clock.untilAsleep(1);
    stop.abort(new SnapshotError('stopped', 'enough'));
    await expect(ended).rejects.toMatchObject({ code: 'stopped' });
  });
});

describe('the right to begin, once we have it', () => {
  it('is renewed while we work, and given back', async () => {
    const { clock, claim } = await held();
    const first = api.lease('begin')?.spec.renewTime;
    await clock.advance(5_000);
    await clock.untilAsleep(1);
    expect(api.lease('begin')?.spec).toMatchObject({ holderIdentity: 'us', leaseTransitions: 0 });
    expect(api.lease('begin')?.spec.renewTime).not.toBe(first);
    await claim.release();
    expect([holderNow(), claim.isLost]).toEqual(['', false]);
  });

  it('is confirmed only while nobody else has it, and what another holds is not given back', async () => {
    const { claim } = await held();
    await claim.confirm(NEVER);
    api.put('begin', { holderIdentity: 'other' });
    await expect(claim.confirm(NEVER)).rejects.toMatchObject({ code: 'lease_lost', exitCode: 5 });
    // Also after that one has gone: it may have begun.
    api.put('begin', { holderIdentity: '' });
    await expect(claim.confirm(NEVER)).rejects.toMatchObject({ code: 'lease_lost' });
    api.put('begin', { holderIdentity: 'other' });
    await claim.release();
    expect([holderNow(), claim.isLost]).toEqual(['other', true]);
  });

  it('is lost where the lease is taken away', async () => {
    const { claim } = await held();
    api.remove('begin');
    await expect(claim.confirm(NEVER)).rejects.toMatchObject({ code: 'lease_lost' });
    expect(api.lease('begin')).toBeUndefined();
  });

  it('stays ours where our own writing went through unheard, or somebody has labelled it', async () => {
    const { clock, claim } = await held();
    api.odd = ['hang-up-after'];
    const confirmed = claim.confirm(NEVER);
    // One sleeps until the next renewal, one until the next try.
    await clock.untilAsleep(2);
    clock.jump(1_000);
    await confirmed;
    api.put('begin', { ...api.lease('begin')?.spec }, { labels: { team: 'a' } });
    await claim.confirm(NEVER);
    expect(api.lease('begin')).toMatchObject({ metadata: { labels: { team: 'a' } }, spec: { holderIdentity: 'us' } });
  });

  it('outlives a server that is ill for less than the lease lasts, and no longer', async () => {
    const { clock, claim } = await held();
    api.odd = [500, 500];
    const confirmed = claim.confirm(NEVER);
    await clock.advance(1_000, 2);
    clock.jump(1_000);
    await confirmed;
    api.odd = Array.from({ length: 40 }, () => 503);
    const failed = expect(claim.confirm(NEVER)).rejects.toMatchObject({ code: 'lease_unavailable' });
    await clock.advance(14_000, 2);
    clock.jump(1_000);
    await failed;
    expect(claim.isLost).toBe(false);
  });

  it('is noticed to be lost while we are at work', async () => {
    const { clock, claim } = await held();
    api.put('begin', { holderIdentity: 'other' });
    const seen = askedFor('get');
    await clock.untilAsleep(1);
    clock.jump(5_000);
    await seen;
    await expect(claim.confirm(NEVER)).rejects.toMatchObject({ code: 'lease_lost' });
    expect(claim.isLost).toBe(true);
  });

  it('runs out by itself where it cannot be given back', async () => {
    const { claim } = await held();
    api.odd = [500];
    await claim.release();
    expect(holderNow()).toBe('us');
  });
});
