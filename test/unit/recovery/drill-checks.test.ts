import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { type FoundCanary, judgeAge, proveCanary } from '../../../src/recovery/drill-checks.ts';
import type { Canary } from '../../../src/snapshot/manifest.ts';
import { openTarget } from '../../../src/vault/target.ts';
import { PLAIN_TLS } from '../../fakes/vault/client-of.ts';
import { type FakeServer, startHttpVault } from '../../fakes/vault/http-vault.ts';
import { someManifest } from '../snapshot/some-manifest.ts';

const WRITTEN = new Date('2026-01-01T00:00:00Z');
const DAY_MS = 86_400_000;
const CANARY: Canary = {
  mount: 'secret',
  path: 'check_timestamp',
  namespace: 'team',
  field: 'value',
  kv_version: 2,
  value: String(WRITTEN.getTime() / 1000),
  round_id: 'round',
  written_at: WRITTEN.toISOString(),
};

describe('the canary of a restored server', () => {
  let server: FakeServer | undefined;

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function prove(nowMs: number, canary: Canary | null = CANARY): Promise<FoundCanary | undefined> {
    const fields = { value: canary?.value, round_id: 'round' };
    server = await startHttpVault(({ headers }) => ({ status: 200, json: { data: headers['x-vault-namespace'] === 'team' ? { data: fields } : {} } }));
    const target = openTarget({ address: server.address, namespace: undefined, tls: PLAIN_TLS, auth: { method: 'none' } });
    let seen: FoundCanary | undefined;
    const found = (one: FoundCanary) => {
      seen = one;
    };
    const question = { manifest: someManifest({ canary }), takenAt: WRITTEN, maxAgeMs: 8 * DAY_MS, now: new Date(nowMs), found };
    try {
      await proveCanary(question, target, new Secret('token'), AbortSignal.timeout(5_000));
    } finally {
      target.close();
    }
    return seen;
  }

  it.each([
    { what: 'on the day', ms: 0 },
    { what: 'on a clock that is behind', ms: -3_600_000 },
    { what: 'a second before it is too old', ms: 8 * DAY_MS - 1_000 },
    { what: 'at the very age', ms: 8 * DAY_MS },
  ])('is right $what', async ({ ms }) => {
    expect(await prove(WRITTEN.getTime() + ms)).toEqual({ value: CANARY.value, age_seconds: ms / 1000, equals_manifest: true });
  });

  it('is too old a second later, with an exit code of its own', async () => {
    await expect(prove(WRITTEN.getTime() + 8 * DAY_MS + 1_000)).rejects.toMatchObject({ code: 'canary_stale', exitCode: 4 });
  });

  // Where scripts wrote it into the restored copy alone, every drill from day 9 on was a failure.
  it.each([1, 9, 30])('is an hour old on day %i of daily snapshots', async (day) => {
    const today = WRITTEN.getTime() + day * DAY_MS;
    expect(await prove(today + 3_600_000, { ...CANARY, value: String(today / 1000) })).toMatchObject({ age_seconds: 3_600, equals_manifest: true });
  });

  it('that was never written leaves the age of the snapshot to judge', async () => {
    await expect(prove(WRITTEN.getTime() + DAY_MS, null)).rejects.toMatchObject({ code: 'level_unsealed', exitCode: 12 });
    await server?.close();
    await expect(prove(WRITTEN.getTime() + 9 * DAY_MS, null)).rejects.toMatchObject({ code: 'stale', exitCode: 4 });
  });
});

describe('the age of a snapshot', () => {
  it.each([
    { takenAt: undefined, isStale: false },
    { takenAt: new Date(1_000), isStale: false },
    { takenAt: new Date(999), isStale: true },
    { takenAt: new Date(5_000), isStale: false },
  ])('$takenAt is stale: $isStale', ({ takenAt, isStale }) => {
    const judge = () => judgeAge(takenAt, 2_000, new Date(3_000));
    if (isStale) expect(judge).toThrow('is wanted');
    else expect(judge).not.toThrow();
  });
});
