import { type Format, isRefusal, type Parsed, type Refusal, type Table } from '../../config/format.ts';
import { absolutePath } from '../../config/formats.ts';
import type { Json } from '../../config/json.ts';
import type { SecretSource } from '../../config/secret.ts';
import { secret } from '../../config/secret-format.ts';
import type { Environment } from '../../config/secret-source.ts';
import { type Heartbeat, unknownField, WEBHOOK_EVENTS, type WebhookEvent } from './news.ts';

/** Where to tell how rounds end. Every address is a secret: whoever has it can silence the alarm. */
export interface NotifySettings {
  readonly healthchecks: SecretSource | undefined;
  /** Templates, each for one turn of a round. */
  readonly pings: Readonly<Record<Heartbeat, SecretSource | undefined>>;
  readonly webhooks: readonly WebhookSettings[];
  readonly caCertFile: string | undefined;
}

export interface WebhookSettings {
  readonly url: SecretSource;
  readonly events: readonly WebhookEvent[];
  readonly headers: Readonly<Record<string, SecretSource>>;
  /** Signs the body. */
  readonly secret: SecretSource | undefined;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
// What the request itself says, and what would change where it ends.
const OWN_HEADERS = /^(host|content-.*|transfer-encoding|connection|x-vault-snapshotd-.*)$/i;
const KEYS = ['url', 'events', 'headers', 'secret'] as const;

/** A secret that, written out, must be the address of a web server. */
function address(rule: string, refuse: (written: string) => Refusal | undefined = () => undefined): Format<SecretSource> {
  return {
    ...secret,
    rule: `${rule}: ${secret.rule}`,
    parse(json, env) {
      const parsed = secret.parse(json, env);
      if (isRefusal(parsed) || json.kind !== 'string') return parsed;
      const url = URL.parse(json.value.replace(/\{\w+\}/g, 'x'));
      if (url === null || !['http:', 'https:'].includes(url.protocol)) return { remedy: 'write the whole address, from https://' };
      const isOpen = url.protocol === 'http:' && !LOOPBACK.test(url.hostname);
      const warning = 'plain http: everybody on the way can read the address, and so keep the alarm quiet; use https';
      return refuse(json.value) ?? (isOpen ? { ...parsed, warning } : parsed);
    },
  };
}

const plainAddress = address('an address');

const template = address('an address with {cluster}, {round_id}, {outcome}, {code} or {message} in it', (written) => {
  const field = unknownField(written);
  return field === undefined ? undefined : { rule: `has an unknown field ${field}`, remedy: 'use {cluster}, {round_id}, {outcome}, {code} and {message}' };
});

const webhooks: Format<readonly WebhookSettings[]> = {
  rule: `a list of {${KEYS.join(', ')}}; events are ${WEBHOOK_EVENTS.join(', ')}`,
  jsonSchema: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        url: secret.jsonSchema,
        events: { type: 'array', items: { enum: WEBHOOK_EVENTS }, minItems: 1 },
        headers: { type: 'object', additionalProperties: secret.jsonSchema },
        secret: secret.jsonSchema,
      },
      required: ['url'],
      additionalProperties: false,
    },
  },
  isSecret: true,
  parse(json, env) {
    const items = json.kind === 'list' ? json.items : json.kind === 'object' ? [json] : [];
    if (items.length === 0) return { remedy: 'write [{"url": …}]' };
    const sound: Parsed<WebhookSettings>[] = [];
    for (const [at, item] of items.entries()) {
      const one = parseWebhook(item, env);
      if (isRefusal(one)) return { rule: `entry ${at + 1} ${one.rule}`, remedy: one.remedy };
      sound.push(one);
    }
    const warning = sound.find((one) => one.warning !== undefined)?.warning;
    const origins = [...new Set(sound.map(({ shown }) => shown))];
    const literal = origins.find((origin) => origin.includes('(literal)'));
    return { value: sound.map(({ value }) => value), shown: literal ?? origins.join(', '), ...(warning && { warning }) };
  },
};

function parseWebhook(json: Json, env: Environment): Parsed<WebhookSettings> | Refused {
  if (json.kind !== 'object') return { rule: 'must be an object', remedy: 'write {"url": …}' };
  const members = new Map(json.members.map(({ key, value }) => [key.toLowerCase(), value]));
  const unknown = [...members.keys()].find((key) => !KEYS.some((known) => known === key));
  if (unknown !== undefined) return { rule: `has an unknown key "${unknown}"`, remedy: `it takes ${KEYS.join(', ')}` };
  const url = parseMember('url', members.get('url') ?? { kind: 'null' }, plainAddress, env);
  if (isRefusal(url)) return url;
  const signing = members.has('secret') ? parseMember('secret', members.get('secret') ?? { kind: 'null' }, secret, env) : undefined;
  if (signing !== undefined && isRefusal(signing)) return signing;
  const events = parseEvents(members.get('events'));
  if (events === undefined) return { rule: 'has wrong "events"', remedy: `write a list of ${WEBHOOK_EVENTS.join(', ')}` };
  const headers = parseHeaders(members.get('headers'), env);
  if (headers === undefined) return { rule: 'has wrong "headers"', remedy: 'write {"Name": secret}; those of the request itself are not for you to set' };
  const shown = [url, ...(signing ? [signing] : []), ...Object.values(headers)].map((one) => one.shown);
  return {
    value: {
      url: url.value,
      secret: signing?.value,
      events,
      headers: Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value])),
    },
    shown: shown.find((origin) => origin.includes('(literal)')) ?? shown.join(', '),
    ...(url.warning && { warning: url.warning }),
  };
}

type Refused = Refusal & { readonly rule: string };

function parseMember(name: string, json: Json, format: Format<SecretSource>, env: Environment): Parsed<SecretSource> | Refused {
  const parsed = json.kind === 'string' && json.value === '' ? { remedy: 'it is empty: give it' } : format.parse(json, env);
  return isRefusal(parsed) ? { rule: `has a wrong "${name}"`, remedy: parsed.remedy } : parsed;
}

function parseEvents(json: Json | undefined): readonly WebhookEvent[] | undefined {
  if (json === undefined || json.kind === 'null') return WEBHOOK_EVENTS.filter((event) => event !== 'started');
  if (json.kind !== 'list' || json.items.length === 0) return undefined;
  const found = json.items.map((item) => WEBHOOK_EVENTS.find((event) => item.kind === 'string' && item.value === event));
  return found.every((event) => event !== undefined) ? found : undefined;
}

function parseHeaders(json: Json | undefined, env: Environment): Readonly<Record<string, Parsed<SecretSource>>> | undefined {
  if (json === undefined || json.kind === 'null') return {};
  if (json.kind !== 'object') return undefined;
  const parsed = json.members.map(
    ({ key, value }) => [key, /^[\w!#$%&'*+.^`|~-]+$/.test(key) && !OWN_HEADERS.test(key) ? secret.parse(value, env) : undefined] as const,
  );
  const sound = parsed.flatMap(([key, one]) => (one === undefined || isRefusal(one) ? [] : [[key, one] as const]));
  return sound.length === parsed.length ? Object.fromEntries(sound) : undefined;
}

export const notifyTable = {
  healthchecks: {
    doc: 'The ping address of a check of Healthchecks: it hears of the start, the success and the failure of each round on the leader.',
    format: plainAddress,
    since: 'new',
  },
  ping_success: { doc: 'An address that is asked for when every destination has the snapshot.', format: template, since: 'new' },
  ping_failure: { doc: 'An address that is asked for when a destination, or all of them, missed it.', format: template, since: 'new' },
  ping_start: { doc: 'An address that is asked for when a round begins.', format: template, since: 'new' },
  webhooks: { doc: 'Addresses that a JSON report is posted to: docs/notifications.md.', format: webhooks, since: 'new' },
  ca_cert: { doc: 'PEM file of CAs to trust here besides those of the system.', format: absolutePath, since: 'new' },
} as const satisfies Table;
