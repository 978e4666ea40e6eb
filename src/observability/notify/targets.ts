import { createHmac } from 'node:crypto';
import type { SecretSource } from '../../config/secret.ts';
import { SnapshotError } from '../../errors.ts';
import type { NotifySettings, WebhookSettings } from './config.ts';
import { fillIn, type Heartbeat, heartbeatOf, inJson, inWords, type News } from './news.ts';

/** One request. What it says is whole; nothing of it but the host may be shown. */
export interface Letter {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of a 200: what the answer says against it. */
  objection?(answer: string): { readonly text: string; readonly isLasting: boolean } | undefined;
}

/** Whom to tell. */
export interface Target {
  /** As the configuration calls it. */
  readonly name: string;
  readonly kind: 'ping' | 'webhook';
  wants(news: News): boolean;
  /** Secrets are read here, at each try. */
  write(news: News): Promise<Letter>;
}

const BODY_LIMIT_BYTES = 10_000;
const SUFFIXES: Readonly<Record<Heartbeat, string>> = { start: '/start', success: '', failure: '/fail' };

export function targetsOf({ healthchecks, pings, webhooks }: NotifySettings): readonly Target[] {
  const hasPings = Object.values(pings).some((source) => source !== undefined);
  return [
    ...(healthchecks === undefined ? [] : [healthchecksTarget(healthchecks)]),
    ...(hasPings ? [pingTarget(pings)] : []),
    ...webhooks.map((settings, at) => webhookTarget(settings, `webhooks[${at}]`)),
  ];
}

function healthchecksTarget(source: SecretSource): Target {
  return {
    name: 'healthchecks',
    kind: 'ping',
    wants: (news) => heartbeatOf(news) !== undefined,
    async write(news) {
      const url = addressOf((await source.read()).reveal());
      url.pathname = url.pathname.replace(/\/*$/, SUFFIXES[heartbeatOf(news) ?? 'failure']);
      if (news.roundId !== undefined) url.searchParams.set('rid', news.roundId);
      const body = news.event === 'started' ? '' : cutToBytes(inWords(news), BODY_LIMIT_BYTES);
      return { url, method: 'POST', headers: { 'content-type': 'text/plain; charset=utf-8' }, body, objection };
    },
  };
}

/** By the id of a check, Healthchecks says 200 to everything, and the truth in the text. */
function objection(answer: string) {
  const [, text] = /^OK \((.+)\)/.exec(answer) ?? [];
  return text === undefined ? undefined : { text, isLasting: text === 'not found' };
}

function pingTarget(pings: NotifySettings['pings']): Target {
  const sourceFor = (news: News) => {
    const heartbeat = heartbeatOf(news);
    return heartbeat && pings[heartbeat];
  };
  return {
    name: 'ping',
    kind: 'ping',
    wants: (news) => sourceFor(news) !== undefined,
    async write(news) {
      const written = (await sourceFor(news)?.read())?.reveal() ?? '';
      return { url: addressOf(fillIn(written, news)), method: 'GET', headers: {}, body: '' };
    },
  };
}

function webhookTarget({ url, events, headers, secret }: WebhookSettings, name: string): Target {
  return {
    name,
    kind: 'webhook',
    wants: ({ event }) => events.includes(event),
    async write(news) {
      const body = inJson(news);
      const own = await Promise.all(Object.entries(headers).map(async ([key, source]) => [key, (await source.read()).reveal()] as const));
      const signature =
        secret &&
        createHmac('sha256', (await secret.read()).reveal())
          .update(body)
          .digest('hex');
      return {
        url: addressOf((await url.read()).reveal()),
        method: 'POST',
        headers: {
          ...Object.fromEntries(own),
          'content-type': 'application/json',
          'x-vault-snapshotd-event': news.event,
          ...(signature && { 'x-vault-snapshotd-signature': `sha256=${signature}` }),
        },
        body,
      };
    },
  };
}

/** What came from a file or a variable is looked at only here. */
function addressOf(written: string): URL {
  const url = URL.parse(written);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new SnapshotError('notify_refused', 'what the configuration refers to is no address of http or https');
}

function cutToBytes(text: string, limit: number): string {
  // As a stream: what is left of a character at the end is dropped, and not made a mark of what is wrong.
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, limit), { stream: true });
}
