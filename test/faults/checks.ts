import { expect } from 'vitest';
import { ERROR_CODES, type ErrorCode, SnapshotError } from '../../src/errors.ts';
import { expectTidyAt, expectWholeAt, namesAt } from '../real/places.ts';
import type { Line } from '../real/told.ts';
import { until } from '../servers/wait.ts';
import type { Ended } from '../system/program.ts';
import { tree, unfinishedIn } from '../system/scene.ts';
import type { End } from './declaration.ts';
import type { Ground } from './ground.ts';
import { type Host, RETAINED, unfinishedAt } from './host.ts';

/** Also in the middle of a round that began again behind our back. */
export async function expectAllWhole({ place }: Host): Promise<void> {
  try {
    await expectWholeAt(place);
  } catch (error) {
    // Pruned between the listing and the look.
    if (!(error instanceof SnapshotError && error.code === 'not_found')) throw error;
    await expectWholeAt(place);
  }
}

export async function expectKept({ place, seeds }: Host): Promise<void> {
  const { snapshots, manifests } = await namesAt(place);
  const [oldest = '', newest = ''] = seeds;
  const proved = snapshots.filter((name) => manifests.includes(`${name}.json`));
  if (proved.length === 0 || !proved.includes(newest)) expect(proved.filter((name) => !seeds.includes(name)).length).toBeGreaterThanOrEqual(RETAINED);
  else if (!snapshots.includes(oldest)) expect(proved.length).toBeGreaterThanOrEqual(RETAINED);
}

/** The last words of the round: how it ended, and by what. */
export function expectTold(lines: readonly Line[], end: End): void {
  const ended = lines.find(({ event }) => event === 'round_done' || event === 'round_failed');
  if (end.outcome === 'killed') return;
  if (end.outcome === 'failed') {
    expect(ended).toMatchObject({ event: 'round_failed', level: 'error', code: expect.toBeOneOf([...end.codes]), advice: expect.any(String) });
    return;
  }
  expect(ended).toMatchObject({ event: 'round_done', outcome: 'taken' });
  if (end.event !== undefined) expect(lines).toContainEqual(expect.objectContaining({ event: end.event, level: 'warn', code: expect.any(String) }));
}

export function expectEnded({ code, signal }: Ended, lines: readonly Line[], end: End): void {
  if (end.outcome === 'killed') {
    expect(signal).toBe('SIGKILL');
    return;
  }
  const told = lines.find(({ event }) => event === 'round_failed')?.code as ErrorCode | undefined;
  expect({ code, signal }).toEqual({ code: end.outcome === 'taken' ? 0 : ERROR_CODES[told ?? 'internal'].exitCode, signal: null });
}

/** Of a daemon that has only this round behind it, or began the next one meanwhile. */
export function expectCounted(metrics: string, end: End, place: string): void {
  const rounds = { success: sumOf(metrics, 'snapshots_total', 'result="success"'), failure: sumOf(metrics, 'snapshots_total', 'result="failure"') };
  if (end.outcome === 'failed') {
    expect(rounds.failure).toBeGreaterThanOrEqual(1);
    expect(sumOf(metrics, 'snapshot_failures_total')).toBeGreaterThanOrEqual(1);
  } else {
    expect(rounds).toEqual({ success: 1, failure: 0 });
    expect(sumOf(metrics, 'uploads_total', 'result="success"')).toBe(1);
    expect(sumOf(metrics, 'upload_bytes_total')).toBeGreaterThan(0);
    if (place === 'prune') expect(sumOf(metrics, 'retention_errors_total') + sumOf(metrics, 'retention_deleted_total')).toBeGreaterThanOrEqual(1);
  }
}

export async function expectRecovered(host: Host): Promise<void> {
  const wanted = { consecutive_failures: 0, destination_up: 1, vault_reachable: 1, vault_sealed: 0, destination_snapshots: host.kept, spool_bytes: 0 };
  let seen = {};
  const isSo = async () => {
    const metrics = await host.metrics();
    seen = Object.fromEntries(Object.keys(wanted).map((name) => [name, sumOf(metrics, name)]));
    return JSON.stringify(seen) === JSON.stringify(wanted) && sumOf(metrics, 'last_success_timestamp_seconds') > 0;
  };
  // What lies there is looked at after the round.
  await until('the metrics to say so', isSo, 20_000).catch(() => expect(JSON.stringify(seen)).toBe(JSON.stringify(wanted)));
}

export async function expectTidy({ place, kept }: Host): Promise<void> {
  expect((await expectTidyAt(place)).size).toBe(kept);
}

export async function expectNoLeftovers(host: Host, ground: Ground): Promise<void> {
  const { scene, cell } = host;
  expect(await unfinishedIn(scene.state)).toEqual([]);
  if (cell.store === 'local') expect((await tree(scene.destination)).filter((path) => path.includes('.partial'))).toEqual([]);
  // What a kill leaves at a store, or an upload whose name was never heard, is hidden, and lives for a day before anybody may take it for dead.
  else if (cell.fault.deed !== 'kill' && cell.fault.deed !== 'gone' && cell.id !== 'minio/open/cut-after') expect(await unfinishedAt(host, ground)).toEqual([]);
}

export function expectNoSecret(secrets: readonly string[], texts: readonly string[]): void {
  expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([]);
}

/** Of all samples of a metric, or of those with that label; NaN where there is none. */
function sumOf(metrics: string, name: string, label = ''): number {
  const samples = metrics.split('\n').filter((line) => new RegExp(`^vault_snapshotd_${name}[{ ]`).test(line) && line.includes(label));
  return samples.length === 0 ? Number.NaN : samples.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1))).reduce((sum, value) => sum + value);
}
