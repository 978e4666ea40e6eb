import type { AgentEvent } from '../../../../src/agent/events.ts';
import type { RoundReport } from '../../../../src/agent/report.ts';
import type { NotifySettings } from '../../../../src/observability/notify/config.ts';
import { Notifier, type NotifierDeps } from '../../../../src/observability/notify/notifier.ts';
import { Post, type PostOptions } from '../../../../src/observability/notify/post.ts';
import { targetsOf } from '../../../../src/observability/notify/targets.ts';
import { RecordingLog } from '../../../fakes/recording-log.ts';
import { loadText, sound } from '../../config/load-text.ts';

export const SNAPSHOT = { name: 'raft_snapshot-1.snap', size: 2048, sha256: 'ab', index: 7, term: 2, cluster_id: 'c1', vault_version: '1.21.0' };
export const LEADS: AgentEvent = { kind: 'leadership', role: 'leader', reason: 'own address', appliedIndex: 7n };
export const FOLLOWS: AgentEvent = { kind: 'leadership', role: 'standby', reason: 'another leads', appliedIndex: undefined };

export function delivered(...destinations: readonly string[]) {
  return destinations.map((destination) => ({ destination, location: `/srv/${destination}`, key: 'k', size: 2048, ms: 5 }));
}

export function taken(...destinations: readonly string[]): RoundReport {
  return { outcome: 'taken', snapshot: SNAPSHOT, delivered: delivered(...destinations), missed: [], pruned: [] };
}

export function partial(there: string, missing: string): RoundReport {
  const missed = [{ destination: missing, code: 'storage_denied' as const, message: `${missing}: bucket: AccessDenied` }];
  return { outcome: 'partial', snapshot: SNAPSHOT, delivered: delivered(there), missed, pruned: [] };
}

export function ended(report: RoundReport, roundId = 'r1'): AgentEvent {
  return { kind: 'round_ended', roundId, schedules: ['default'], report };
}

export function began(roundId = 'r1'): AgentEvent {
  return { kind: 'round_began', roundId, destinations: ['local'], schedules: ['default'] };
}

export async function settingsOf(notify: object): Promise<NotifySettings> {
  return (await loadText(sound({ notify }), { CHECK: 'x' })).config.notify;
}

/** A notifier over real sockets that waits for nothing but answers; the waits between tries are recorded. */
export async function aNotifier(notify: object, changes: Partial<NotifierDeps> & { readonly options?: Partial<PostOptions> } = {}) {
  const settings = await settingsOf(notify);
  const log = new RecordingLog();
  const told: AgentEvent[] = [];
  const waits: number[] = [];
  const now = () => new Date('2026-03-01T12:00:00Z');
  const { options, ...deps } = changes;
  const post = new Post({ env: {}, caCertFile: settings.caCertFile, userAgent: 'vault-snapshotd/0', limitMs: 20_000, now, ...options });
  const notifier = new Notifier(targetsOf(settings), {
    post,
    log,
    tell: (event) => told.push(event),
    clusterName: 'prod',
    isNamed: true,
    node: 'vault-0',
    closeGraceMs: 20_000,
    random: () => 1,
    newId: () => 'news-1',
    now,
    wait: async (ms) => void waits.push(ms),
    ...deps,
  });
  return { notifier, log, told, waits, tell: (...events: readonly AgentEvent[]) => events.forEach(notifier.tell) };
}
