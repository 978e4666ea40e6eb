import { describe, expect, it } from 'vitest';
import { pollApplied, type Sign } from '../../../src/recovery/poll.ts';
import { failureOf } from '../../fakes/vault/client-of.ts';
import type { Reply } from '../../fakes/vault/http-vault.ts';
import { HurriedClock, NEVER, SERVING, scriptedTarget, sealStatus, TOKEN } from './some-target.ts';

const DENIED: Reply = { status: 403, json: { errors: ['permission denied'] } };
const AWAY: Reply = { status: 503, json: { errors: ['Vault is sealed'] } };

interface Server {
  /** By how often the server was asked for its seal status. */
  seal?(asked: number): Reply;
  token?(asked: number): Reply;
  health?(asked: number): Reply;
}

async function poll(
  server: Server,
  sign: { readonly kind: Sign['kind']; readonly until?: Date },
  sent: 'accepted' | 'unanswered' = 'accepted',
  signal = NEVER,
  onSilence: (what: string) => void = () => undefined,
) {
  let asked = 0;
  const { target } = await scriptedTarget(({ path }) => {
    if (path === 'sys/seal-status') asked += 1;
    if (path === 'sys/seal-status') return server.seal?.(asked) ?? sealStatus();
    if (path === 'auth/token/lookup-self') return server.token?.(asked) ?? { status: 200, json: { data: {} } };
    if (path === 'sys/leader') return { status: 200, json: { is_self: true } };
    return server.health?.(asked) ?? { status: 200, json: SERVING };
  });
  const whole = { token: TOKEN, until: new Date('2026-01-03T00:00:00Z'), clusterId: 'id-2', ...sign } as Sign;
  return await pollApplied(whole, { target, clock: new HurriedClock(), timeoutMs: 120_000, sent, onSilence }, signal);
}

describe('waiting for a snapshot to be applied', () => {
  it('ends when the token from after the snapshot is known no more, and the server serves', async () => {
    const applied = await poll(
      { token: (asked) => (asked < 4 ? { status: 200, json: {} } : DENIED), health: (asked) => (asked < 7 ? AWAY : { status: 200, json: SERVING }) },
      { kind: 'token' },
    );
    expect(applied).toEqual({ outcome: 'serving', proof: 'token' });
  });

  it('does not take a token that ended by itself for a proof', async () => {
    const until = new Date('2026-01-02T03:00:10Z');
    const applied = await poll({ token: (asked) => (asked < 12 ? { status: 200, json: {} } : DENIED) }, { kind: 'token', until });
    expect(applied).toEqual({ outcome: 'serving', proof: 'weak' });
  });

  it('waits out errors and answers that are none', async () => {
    const seal = (asked: number): Reply => (asked < 9 ? { status: 500, text: '<html>' } : sealStatus());
    expect(await poll({ seal, token: () => DENIED }, { kind: 'token' })).toEqual({ outcome: 'serving', proof: 'token' });
  });

  it('ends when the server is the other cluster', async () => {
    const seal = (asked: number): Reply => sealStatus({ cluster_id: asked < 5 ? 'id-1' : 'id-2' });
    expect(await poll({ seal }, { kind: 'cluster_id' })).toEqual({ outcome: 'serving', proof: 'cluster_id' });
  });

  it('ends when the server has sealed itself', async () => {
    const seal = (asked: number): Reply => sealStatus({ sealed: asked >= 3 });
    expect(await poll({ seal }, { kind: 'token' })).toMatchObject({ outcome: 'sealed', status: { shares: 5, threshold: 3 } });
  });

  it('calls it weak where nothing but calm can show it', async () => {
    expect(await poll({}, { kind: 'calm' })).toEqual({ outcome: 'serving', proof: 'weak' });
  });

  it.each([
    { what: 'nothing shows it', server: {}, sign: { kind: 'token' as const }, sent: 'accepted' as const, code: 'restore_timeout' },
    { what: 'it stays silent', server: { seal: () => AWAY }, sign: { kind: 'token' as const }, sent: 'accepted' as const, code: 'target_lost' },
    { what: 'it never had the whole of it', server: {}, sign: { kind: 'token' as const }, sent: 'unanswered' as const, code: 'upload_cut' },
    { what: 'nobody can know whether it had', server: {}, sign: { kind: 'calm' as const }, sent: 'unanswered' as const, code: 'restore_timeout' },
  ])('fails with $code when $what', async ({ server, sign, sent, code }) => {
    expect(await failureOf(poll(server, sign, sent))).toMatchObject({ code });
  });

  it('tells once, long before it gives up, of a server that is silent for longer than most are', async () => {
    const told: string[] = [];
    const seal = (asked: number): Reply => (asked > 3 && asked < 80 ? AWAY : sealStatus());
    await poll({ seal, token: (asked) => (asked > 3 ? DENIED : { status: 200, json: {} }) }, { kind: 'token' }, 'accepted', NEVER, (what) => told.push(what));
    expect(told).toEqual([expect.stringContaining('no answer since 2026-01-02T03:00:03.000Z')]);
  });

  it('tells nothing of the silence of each restore', async () => {
    const told: string[] = [];
    const seal = (asked: number): Reply => (asked > 3 && asked < 60 ? AWAY : sealStatus());
    await poll({ seal, token: () => DENIED }, { kind: 'token' }, 'accepted', NEVER, (what) => told.push(what));
    expect(told).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const seal = (asked: number): Reply => {
      if (asked === 3) stop.abort();
      return sealStatus();
    };
    expect(await failureOf(poll({ seal }, { kind: 'token' }, 'accepted', stop.signal))).toMatchObject({ code: 'stopped' });
  });
});
