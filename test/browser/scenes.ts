import type { StockedSnapshot } from '../../src/agent/events.ts';
import type { ClusterView, DestinationView, RoundMark } from '../../src/observability/view.ts';
import { ago, cluster, DENIED, destination, HOUR_MS, round, schedule, snapshot } from '../unit/observability/cluster-view.ts';

const MONTH_HOURS = 30 * 24;
const FIRST = 12 * 60_000;

/** Hourly for thirty days, growing, verified now and then, with a hole of five hours and a night in which two thirds were gone. */
export const MONTH: readonly StockedSnapshot[] = Array.from({ length: MONTH_HOURS }, (_, i) => i)
  .filter((i) => i < 200 || i > 205)
  .map((i) => {
    const size = Math.round(412e6 - i * 130e3 + 3e6 * Math.sin(i / 9) - (i > 290 && i < 300 ? 240e6 : 0));
    return snapshot(FIRST + i * HOUR_MS, { size, verifiedAt: i % 24 === 7 ? ago(i * HOUR_MS) : undefined, isProved: i !== 90 });
  });

export const ROUNDS: readonly RoundMark[] = Array.from({ length: MONTH_HOURS }, (_, at) => {
  const i = MONTH_HOURS - 1 - at;
  const age = FIRST + i * HOUR_MS;
  if (i >= 200 && i <= 205) return failedRound(age);
  return i === 60 ? round(age, { outcome: 'partial', missed: ['s3-frankfurt'], trouble: DENIED }) : round(age);
});

export function failedRound(ageMs: number): RoundMark {
  const trouble = { at: ago(ageMs), code: 'vault_sealed', message: 'vault: http://127.0.0.1:8200 is sealed', advice: 'unseal Vault' } as const;
  return round(ageMs, { outcome: 'failed', missed: ['disk', 's3-frankfurt', 'azure'], trouble });
}

type Place = (snapshots: readonly StockedSnapshot[], other?: Partial<DestinationView>) => DestinationView;
const verification = { lastSuccessAt: ago(7 * HOUR_MS), failures: 0, trouble: undefined };
const disk: Place = (snapshots, other) => destination('disk', { location: '/var/backups/vault', verification, snapshots, ...other });
const s3: Place = (snapshots, other) =>
  destination('s3-frankfurt', { kind: 'aws', location: 's3://acme-vault-snapshots/prod-eu', verification, snapshots, ...other });
const azure: Place = (snapshots, other) =>
  destination('azure', { kind: 'azure', location: 'https://acmevault.blob.core.windows.net/snapshots/prod', verification, snapshots, ...other });
const ALL = [disk(MONTH), s3(MONTH), azure(MONTH)];

const HEALTHY = cluster({
  destinations: ALL,
  history: ROUNDS,
  lastRound: ROUNDS.at(-1),
  drill: { lastSuccessAt: ago(60 * HOUR_MS), lastSeconds: 41, failures: 0, lastLevel: 'unsealed', trouble: undefined },
});

const OLD = MONTH.slice(9);
const FAILED = [...ROUNDS.slice(0, -3), failedRound(2 * HOUR_MS + FIRST), failedRound(HOUR_MS + FIRST), failedRound(FIRST)];

const REFUSED = s3(OLD, { isUp: false, state: 'missed', trouble: { ...DENIED, message: 's3: acme-vault-snapshots: AccessDenied' } });

const NEVER = schedule({ lastAttemptAt: undefined, lastSuccessAt: undefined, successes: 0 });
const NOTHING: Partial<ClusterView> = { history: [], lastRound: undefined, lastSnapshot: undefined, schedules: [NEVER] };

const SEALED = 'vault: http://127.0.0.1:8200 is sealed';
const TWELVE = Array.from({ length: 12 }, (_, i) => ({ ...(i % 3 === 1 ? s3 : disk)(i === 4 ? OLD : MONTH), name: `place-${i + 1}` }));

function bare(other: Partial<DestinationView>): readonly DestinationView[] {
  return ['disk', 's3-frankfurt'].map((name) => destination(name, { state: 'waiting', ...other }));
}

/** What an operator may find, each as the clusters of one page. */
export const SCENES = {
  healthy: [HEALTHY],
  failing: [
    {
      ...HEALTHY,
      role: 'unknown',
      roleReason: SEALED,
      isSealed: true,
      destinations: [disk(MONTH.slice(3)), s3(MONTH.slice(3)), azure(MONTH.slice(3))],
      history: FAILED,
      lastRound: FAILED.at(-1),
      schedules: [schedule({ consecutiveFailures: 3 })],
    },
  ],
  denied: [{ ...HEALTHY, destinations: [disk(MONTH), REFUSED, azure(MONTH)] }],
  stale: [{ ...HEALTHY, destinations: [disk(MONTH), s3(MONTH), azure(OLD)] }],
  attention: [{ ...HEALTHY, token: { expiresAt: ago(-9 * 60_000), lifetimeMs: HOUR_MS } }],
  started: [
    cluster({
      ...NOTHING,
      id: undefined,
      vaultVersion: undefined,
      isReachable: false,
      role: 'unknown',
      roleReason: 'Vault has not been asked yet',
      token: { expiresAt: undefined, lifetimeMs: 0 },
      destinations: bare({ snapshots: undefined }),
    }),
  ],
  empty: [cluster({ ...NOTHING, destinations: bare({ snapshots: [] }) })],
  standby: [
    {
      ...HEALTHY,
      role: 'standby',
      roleReason: 'the leader is 10.0.4.12, and no interface here has that address',
      history: [],
      lastRound: undefined,
      schedules: [NEVER],
    },
  ],
  running: [
    {
      ...HEALTHY,
      round: { id: 'r', startedAt: ago(8_000) },
      spoolBytes: 251_000_000,
      destinations: [disk(MONTH, { state: 'committing' }), s3(MONTH, { state: 'tailing', bytes: 96_000_000 }), azure(MONTH, { state: 'waiting' })],
    },
  ],
  daily: [
    {
      ...HEALTHY,
      schedules: [schedule({ intervalMs: 24 * HOUR_MS })],
      destinations: [disk(MONTH.filter((_, i) => i % 24 === 3 && i !== 99))],
    },
  ],
  twelve: [{ ...HEALTHY, destinations: TWELVE }],
  several: [HEALTHY, { ...HEALTHY, name: 'prod-us', destinations: [disk(MONTH), REFUSED] }],
} satisfies Readonly<Record<string, readonly ClusterView[]>>;
