import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RoundSettings } from '../../src/agent/deps.ts';
import { SnapshotError } from '../../src/errors.ts';
import { buildArchive } from '../fakes/archive.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import type { someManifest } from '../unit/snapshot/some-manifest.ts';
import { moved, viewOf } from './ledger.ts';
import { aScene, destinationOf, manifestAt, round, visible } from './scene.ts';

const KEY = 'raft_snapshots/raft_snapshot-1772366400000000000.snap';
const CANARY = { mount: 'secret', path: 'check_timestamp', namespace: undefined, field: 'value', kvVersion: undefined, isRequired: false };
const DENIED = new SnapshotError('vault_denied', 'vault: secret/data/check_timestamp: status 403, permission denied', { advice: 'grant it' });

async function taken(settings: Partial<RoundSettings>, prepare: (scene: Awaited<ReturnType<typeof aScene>>) => void = () => undefined, signal?: AbortSignal) {
  const scene = await aScene(settings);
  const storage = new MemoryStorage();
  prepare(scene);
  const report = await round(scene, [destinationOf(storage)], signal);
  return { scene, storage, report };
}

describe('a round with a canary', () => {
  it('writes time and round right before it reads the snapshot, and tells the manifest', async () => {
    const { scene, storage } = await taken({ canary: CANARY });
    expect(scene.vault.calls.slice(0, 3)).toEqual(['describe', 'writeCanary', 'openSnapshot']);
    expect(scene.vault.canaries).toMatchObject([{ place: { mount: 'secret', path: 'check_timestamp' }, fields: { value: '1772366400', round_id: 'round-1' } }]);
    expect(manifestAt(storage, KEY)).toMatchObject({
      round_id: 'round-1',
      canary: {
        mount: 'secret',
        path: 'check_timestamp',
        namespace: null,
        field: 'value',
        kv_version: 2,
        value: '1772366400',
        round_id: 'round-1',
        written_at: '2026-03-01T12:00:00.000Z',
      },
      canary_error: null,
    });
    expect(moved(viewOf(scene, []))).not.toHaveProperty('canaryFailures');
  });

  it('goes on without one that could not be written, and says so', async () => {
    const { scene, storage, report } = await taken({ canary: CANARY }, ({ vault }) => {
      vault.canary = DENIED;
    });
    expect(report.outcome).toBe('taken');
    expect(manifestAt(storage, KEY)).toMatchObject({ canary: null, canary_error: DENIED.message });
    expect(scene.log.of('canary_failed')).toMatchObject([{ level: 'warn', fields: { code: 'vault_denied', advice: 'grant it' } }]);
    expect(moved(viewOf(scene, []))).toMatchObject({ canaryFailures: 1 });
  });

  it('takes none without it where it is required', async () => {
    const { scene, storage, report } = await taken({ canary: { ...CANARY, isRequired: true } }, ({ vault }) => {
      vault.canary = DENIED;
    });
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'vault_denied', message: `canary: ${DENIED.message}`, advice: 'grant it' } });
    expect(scene.vault.calls).not.toContain('openSnapshot');
    expect(visible(storage)).toEqual([]);
  });

  it('is not held up by a store that hangs', async () => {
    const scene = await aScene({ canary: CANARY });
    const storage = new MemoryStorage();
    scene.vault.canary = 'hang';
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const ended = round(scene, [destinationOf(storage)]);
    while (!scene.vault.calls.includes('writeCanary')) await new Promise(setImmediate);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await ended).toMatchObject({ outcome: 'taken' });
    expect(manifestAt(storage, KEY)).toMatchObject({ canary: null, canary_error: 'vault: secret/check_timestamp: not written within 5s' });
  });

  it('hears the stop signal while it writes', async () => {
    const stop = new AbortController();
    const { report, storage } = await taken(
      { canary: CANARY },
      ({ vault }) => {
        vault.canary = 'hang';
        vault.onCall = (call) => call === 'writeCanary' && stop.abort(new SnapshotError('stopped', 'stopped by SIGTERM'));
      },
      stop.signal,
    );
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'stopped' } });
    expect(visible(storage)).toEqual([]);
  });

  it('asks for none where none is configured', async () => {
    const { scene, storage } = await taken({});
    expect(scene.vault.calls).not.toContain('writeCanary');
    expect(manifestAt(storage, KEY)).toMatchObject({ canary: null, canary_error: null });
  });
});

describe('unseal keys', () => {
  async function roundAfter(before: Parameters<typeof someManifest>[0]) {
    const scene = await aScene();
    scene.vault.archive = buildArchive();
    const storage = new MemoryStorage();
    const destination = destinationOf(storage);
    await round(scene, [destination]);
    const first = destination.newest!;
    const second = new MemoryStorage();
    await round(scene, [destinationOf(second, { newest: { ...first, ...before } })]);
    const [key] = visible(second);
    return { first, lines: scene.log.of('keys_changed'), manifest: manifestAt(second, key!) };
  }

  it('that stayed the same are in use as long as the snapshot before said', async () => {
    const { lines, manifest } = await roundAfter({ key_era: '2025-12-24T00:00:00.000Z' });
    expect(lines).toEqual([]);
    expect(manifest?.key_era).toBe('2025-12-24T00:00:00.000Z');
  });

  it.each([
    { what: 'a rekey', before: { seal_fingerprint: '00'.repeat(32) } },
    { what: 'another seal', before: { seal_type: 'awskms' } },
  ])('are warned of after $what: older snapshots need those of before', async ({ before }) => {
    const { lines, manifest } = await roundAfter(before);
    expect(lines).toMatchObject([
      { level: 'warn', message: `the snapshots before ${manifest?.taken_at} need the unseal keys of before: keep them as long as those` },
    ]);
  });

  it.each([
    { what: 'nobody knew those of before', before: { seal_fingerprint: null } },
    { what: 'the snapshot before is of another cluster', before: { cluster_id: 'other', seal_fingerprint: '00'.repeat(32) } },
  ])('are not warned of where $what', async ({ before }) => {
    expect((await roundAfter(before)).lines).toEqual([]);
  });
});
