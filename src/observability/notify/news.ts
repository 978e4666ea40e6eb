import { type RoundReport, renderReport } from '../../agent/report.ts';
import { ERROR_CODES, type ErrorCode, type SnapshotError } from '../../errors.ts';

/** The turns of a round that a dead man's switch hears of. */
export type Heartbeat = 'start' | 'success' | 'failure';

export const WEBHOOK_EVENTS = ['started', 'taken', 'partial', 'failed', 'prune_failed', 'verify_failed', 'drill_failed'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** What went wrong, and where if it is one destination's. */
export interface Fault {
  readonly destination?: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
}

/** One thing worth telling, as it was when it happened. */
export interface News {
  /** The same however often it is sent. */
  readonly id: string;
  readonly event: WebhookEvent;
  readonly at: Date;
  readonly cluster: string;
  readonly clusterId: string | undefined;
  readonly node: string;
  readonly roundId: string | undefined;
  readonly report: RoundReport | undefined;
  readonly faults: readonly Fault[];
}

export function faultOf({ code, message, advice }: SnapshotError, destination?: string): Fault {
  return { ...(destination !== undefined && { destination }), code, message, advice };
}

export function missedFault({ destination, code, message }: { readonly destination: string; readonly code: ErrorCode; readonly message: string }): Fault {
  return { destination, code, message, advice: ERROR_CODES[code].advice };
}

/** Undefined for what no switch is to hear of. */
export function heartbeatOf({ event }: News): Heartbeat | undefined {
  if (event === 'started') return 'start';
  if (event === 'taken') return 'success';
  return event === 'partial' || event === 'failed' ? 'failure' : undefined;
}

/** In words, for a person who reads it on a telephone. */
export function inWords({ event, cluster, node, report, faults }: News): string {
  const lines = faults.flatMap(({ destination, code, message, advice }) => [
    `${destination === undefined ? '' : `${destination}: `}${message} (${code})`,
    `hint: ${advice}`,
  ]);
  if (report?.outcome === 'taken' || report?.outcome === 'partial') {
    const { snapshot, delivered } = report;
    lines.push(`${snapshot.name}, ${snapshot.size} bytes, index ${snapshot.index}, is at ${delivered.map(({ destination }) => destination).join(', ')}`);
  }
  return [`${event}: cluster ${cluster}, from ${node}`, ...lines].join('\n');
}

/** The body of a webhook; every field is always there. */
export function inJson(news: News): string {
  const { id, event, at, cluster, clusterId, node, roundId, report, faults } = news;
  return JSON.stringify({
    id,
    event,
    at: at.toISOString(),
    cluster,
    cluster_id: clusterId ?? null,
    node,
    round_id: roundId ?? null,
    text: inWords(news),
    faults: faults.map(({ destination, ...fault }) => ({ destination: destination ?? null, ...fault })),
    report: report === undefined ? null : (JSON.parse(renderReport(report)) as unknown),
  });
}

const FIELD = /\{(\w+)\}/g;
// Longer ones are cut off by servers on the way.
const LONGEST_MESSAGE = 200;

const FIELDS: Readonly<Record<string, (news: News) => string>> = {
  cluster: ({ cluster }) => cluster,
  round_id: ({ roundId }) => roundId ?? '',
  outcome: ({ event }) => event,
  code: ({ faults }) => faults[0]?.code ?? 'ok',
  message: ({ faults }) => (faults[0]?.message ?? 'OK').slice(0, LONGEST_MESSAGE).toWellFormed(),
};

/** The first field of a template that there is none of. */
export function unknownField(template: string): string | undefined {
  return [...template.matchAll(FIELD)].find(([, name = '']) => !Object.hasOwn(FIELDS, name))?.[0];
}

/** Each field in its place, encoded so that it stays one part of the address. */
export function fillIn(template: string, news: News): string {
  return template.replace(FIELD, (whole, name: string) => (Object.hasOwn(FIELDS, name) ? encodeURIComponent(FIELDS[name]!(news)) : whole));
}
