import { METRICS_TYPE, renderMetrics } from '../metrics.ts';
import { renderStatus } from '../status.ts';
import { STATUS_PAGE_HEADERS, statusPageAssets } from '../status-page/assets.ts';
import { renderStatusPage } from '../status-page/page.ts';
import type { ClusterView, ProgramView } from '../view.ts';

/** What is asked of the daemon, as it is at that moment. */
export interface Sources {
  program(): ProgramView;
  clusters(): readonly ClusterView[];
  /** Rounds go on, or rest until a time to come. */
  isAlive(): boolean;
  /** The first look at Vault has been taken, whatever it said. */
  isReady(): boolean;
  now(): Date;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Route = (sources: Sources) => Answer;

/** Told to everybody: they say nothing but yes or no, and the kubelet has no token. */
export const OPEN_PATHS: readonly string[] = ['/-/healthy', '/-/ready'];

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/', ({ program, clusters, now }) => ({ status: 200, headers: STATUS_PAGE_HEADERS, body: renderStatusPage(program(), clusters(), now()) })],
  ['/metrics', ({ program, clusters }) => text(200, renderMetrics(program(), clusters()), METRICS_TYPE)],
  ['/status', ({ program, clusters, now }) => text(200, renderStatus(program(), clusters(), now()), 'application/json')],
  ['/-/healthy', ({ isAlive }) => (isAlive() ? text(200, 'alive\n') : text(503, 'nothing has moved for too long\n'))],
  ['/-/ready', ({ isReady }) => (isReady() ? text(200, 'ready\n') : text(503, 'Vault is yet to be looked at\n'))],
  ...[...statusPageAssets()].map(([path, { type, body }]): [string, Route] => [path, () => text(200, body, type)]),
]);

export function answer(path: string, sources: Sources): Answer {
  const route = ROUTES.get(path);
  return route === undefined ? text(404, 'not found; there are / /metrics /status /-/healthy /-/ready\n') : route(sources);
}

export function text(status: number, body: string, type = 'text/plain; charset=utf-8'): Answer {
  return { status, headers: { ...GUARDS, 'content-type': type }, body };
}

const GUARDS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
