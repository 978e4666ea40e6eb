import type { Gap, Overview, PlaceOverview, Row } from '../inventory/overview.ts';
import { bytesOf } from '../observability/units.ts';
import { ageOf, alignColumns, timeOf } from './units.ts';

const HEAD = ['TAKEN', 'AGE', 'SIZE', 'INDEX', 'STANDING', 'PROVED', 'AT', 'MISSING', 'NAME'] as const;

export function renderText({ clusterId, rows, places }: Overview, now: Date): string {
  const lines = rows.length === 0 ? ['no snapshots'] : renderRows(rows, now);
  const cluster = clusterId === undefined ? '' : `cluster ${clusterId}\n`;
  return `${cluster}${lines.map((line) => `${line}\n`).join('')}\n${places.map((place) => renderPlace(place, now)).join('')}`;
}

function renderRows(rows: readonly Row[], now: Date): readonly string[] {
  const cells = rows.map((row) => [
    timeOf(row.takenAt),
    ageOf(now.getTime() - row.takenAt.getTime()),
    bytesOf(row.size),
    `${row.index ?? '-'}`,
    row.standing === 'unproved' ? 'not proved' : row.standing,
    row.provedAt ? `${ageOf(now.getTime() - row.provedAt.getTime())} ago` : '-',
    row.present.join(','),
    row.missing.join(',') || '-',
    row.name,
  ]);
  const [head = '', ...lines] = alignColumns([HEAD, ...cells]);
  return [
    head,
    ...lines.flatMap((line, at) => [
      line,
      ...renderFailures(rows[at]!, now),
      ...renderKeys(rows[at]!),
      ...renderSafety(rows[at]!),
      ...renderGaps(rows[at]!.gaps),
    ]),
  ];
}

function renderKeys({ isFirstOfItsKeys, sealed }: Row): readonly string[] {
  if (!isFirstOfItsKeys) return [];
  const fingerprint = sealed?.seal_fingerprint ? `, fingerprint ${sealed.seal_fingerprint.slice(0, 12)}` : '';
  return [`  ^ the first with these unseal keys (${sealed?.seal_type}${fingerprint}): the snapshots before it need the keys of before`];
}

function renderSafety({ isSafety }: Row): readonly string[] {
  return isSafety ? ['  ^ safety snapshot, taken right before a restore: "latest" passes it over; to go back, restore it by its name'] : [];
}

function renderFailures({ failures }: Row, now: Date): readonly string[] {
  return failures.map(({ kind, destination, at, level, error }) => {
    const what = kind === 'drill' ? `restore drill of the copy at ${destination}, ended at level ${level}` : `verification of the copy at ${destination}`;
    return `  ^ ${what}: failed ${ageOf(now.getTime() - at.getTime())} ago: ${error.message} (${error.code})`;
  });
}

/** Below the snapshot that ended it, for the list goes back in time. */
function renderGaps(gaps: readonly Gap[]): readonly string[] {
  return gaps.map(({ destination, since, ms }) => `  ^ gap of ${ageOf(ms)} at ${destination}: nothing after ${timeOf(since)}`);
}

function renderPlace(place: PlaceOverview, now: Date): string {
  if (place.outcome === 'failed') return `${place.destination}: FAIL  ${place.error.message} (${place.error.code})\n  hint: ${place.error.advice}\n`;
  const counts = [
    `${place.snapshots} ${place.snapshots === 1 ? 'snapshot' : 'snapshots'}`,
    ...(place.strangers > 0 ? [`other objects, not ours: ${place.strangers}`] : []),
    ...(place.foreign > 0 ? [`${place.foreign} of another cluster`] : []),
  ];
  return [
    `${place.destination}: ${counts.join(', ')}\n`,
    ...(place.overdueSince ? [`  warning: the next one is overdue for ${ageOf(now.getTime() - place.overdueSince.getTime())}\n`] : []),
    ...place.lost.map((key) => `  warning: ${key} is gone, its manifest is still there\n`),
    ...place.errors.map(({ key, error }) => `  warning: ${key}: ${error.message} (${error.code})\n`),
  ].join('');
}

export function renderJson({ clusterId, rows, places }: Overview, now: Date): string {
  const snapshots = rows.map((row) => ({
    name: row.name,
    taken_at: row.takenAt.toISOString(),
    age_seconds: Math.floor((now.getTime() - row.takenAt.getTime()) / 1000),
    size: row.size,
    raft_index: row.index ?? null,
    standing: row.standing,
    proved_at: row.provedAt?.toISOString() ?? null,
    present: row.present,
    missing: row.missing,
    seal: row.sealed === undefined ? null : { type: row.sealed.seal_type, fingerprint: row.sealed.seal_fingerprint },
    keys_changed: row.isFirstOfItsKeys,
    safety: row.isSafety,
    failures: row.failures.map(({ destination, kind, level, at, error }) => ({
      destination,
      kind,
      level,
      at: at.toISOString(),
      code: error.code,
      message: error.message,
    })),
    gaps: row.gaps.map(({ destination, since, ms }) => ({ destination, since: since.toISOString(), seconds: Math.floor(ms / 1000) })),
  }));
  return `${JSON.stringify({ cluster_id: clusterId ?? null, snapshots, destinations: places.map(placeJson) })}\n`;
}

function placeJson(place: PlaceOverview): object {
  const { destination, outcome } = place;
  if (place.outcome === 'failed') return { destination, outcome, code: place.error.code, message: place.error.message, advice: place.error.advice };
  const errors = place.errors.map(({ key, error }) => ({ key, code: error.code, message: error.message }));
  const { snapshots, strangers, foreign, lost, overdueSince } = place;
  return { destination, outcome, snapshots, strangers, foreign, lost, overdue_since: overdueSince?.toISOString() ?? null, errors };
}
