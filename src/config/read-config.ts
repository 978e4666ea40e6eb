import { isAuthKeyUsed, readAuth } from './auth.ts';
import { type Block, type EffectiveValue, type Findings, readBlock } from './block.ts';
import { readCanary } from './canary.ts';
import type { Config, ScheduleConfig, TlsConfig } from './config.ts';
import { DESTINATION_BLOCKS } from './destination-schema.ts';
import { readDestinations } from './destinations.ts';
import { readDrill, readDrillSchedule } from './drill.ts';
import { formatDuration } from './duration.ts';
import { showJson } from './format.ts';
import type { Json, JsonObject } from './json.ts';
import { readListen } from './listen.ts';
import { readNotify } from './notify.ts';
import { defaultTimeoutMs, readSchedule, shortestIntervalMs } from './schedule.ts';
import { REPLACED_KEYS, SECTIONS, SHORTHANDS, topTable } from './schema.ts';
import { readVerification } from './verification.ts';

const EMPTY: JsonObject = { kind: 'object', members: [] };
const NESTED = [...Object.keys(SECTIONS), ...DESTINATION_BLOCKS.map(({ block }) => block), ...Object.keys(REPLACED_KEYS), '$schema'];
const ELSEWHERE = [
  ...Object.entries(SECTIONS).flatMap(([name, table]) => Object.keys(table).map((key) => `${name}.${key}`)),
  ...DESTINATION_BLOCKS.flatMap(({ block, table }) => Object.keys(table).map((key) => `${block}.${key}`)),
];

/** The whole file as values; what is wrong with it stands in the findings afterwards. */
export function readConfig(json: JsonObject, path: string, findings: Findings): { readonly config: Config; readonly effective: readonly EffectiveValue[] } {
  const top = readBlock(topTable, json, { prefix: '', nested: NESTED, elsewhere: ELSEWHERE }, findings);
  refuseReplacedKeys(top.nested, findings);
  const { values } = top;
  const cluster = readSection('cluster', top.nested, findings).values;
  const log = readSection('log', top.nested, findings).values;
  const tls = readTls(top, findings);
  const auth = readAuth(top, findings);
  const schedule = readTopSchedule(top, findings);
  const defaults = { schedule, timezone: values.timezone, retain: values.retain, maxDeletes: values.max_deletes };
  const destinations = readDestinations(top.nested, defaults, findings);
  if (destinations.length === 0 && findings.faults.length === 0) {
    findings.faults.push('no destination: the snapshot would be thrown away: give local_storage a path, or another block its bucket');
  }
  const schedules = destinations.map((destination) => destination.schedule);
  const config: Config = {
    path,
    cluster: { name: cluster.name, id: cluster.id },
    vault: { address: values.addr, namespace: values.namespace, leaderCheck: values.leader_check, tls, auth },
    schedule,
    jitterMs: readJitter(values.jitter, schedules, findings),
    snapshotTimeoutMs: values.snapshot_timeout ?? chooseTimeout(schedules, findings),
    stallTimeoutMs: values.stall_timeout,
    stopGraceMs: values.stop_grace,
    spoolPath: values.spool_path,
    nameTemplate: values.name_template,
    verification: readVerification(top, values.timezone, findings),
    log,
    recovery: { shares: readSection('recovery', top.nested, findings).values.shares ?? [] },
    canary: readCanary(readSection('canary', top.nested, findings), findings),
    drill: readDrill(readSection('drill', top.nested, findings), findings),
    drillSchedule: readDrillSchedule(top, values.timezone, findings),
    notify: readNotify(readSection('notify', top.nested, findings)),
    listen: readListen(readSection('listen', top.nested, findings), findings),
    textfile: values.textfile,
    destinations,
    isOneShot: !values.daemon,
    warnings: findings.warnings,
  };
  return { config, effective: findings.effective.filter(({ key, source }) => source === 'file' || isAuthKeyUsed(key, auth)) };
}

type Top = Block<typeof topTable>;

function readSection<const N extends keyof typeof SECTIONS>(name: N, nested: ReadonlyMap<string, Json>, findings: Findings): Block<(typeof SECTIONS)[N]> {
  const written = nested.get(name) ?? EMPTY;
  const shorthand = SHORTHANDS[name];
  const json: Json = shorthand !== undefined && written.kind === 'string' ? { kind: 'object', members: [{ key: shorthand, value: written }] } : written;
  if (json.kind !== 'object')
    findings.faults.push(
      `${name}: must be ${shorthand === undefined ? '' : 'a string or '}an object, got ${showJson(json)}: write {…} with the keys of docs/config.md`,
    );
  return readBlock(SECTIONS[name], json.kind === 'object' ? json : EMPTY, { prefix: `${name}.` }, findings);
}

function refuseReplacedKeys(nested: ReadonlyMap<string, Json>, findings: Findings): void {
  for (const [key, replacement] of Object.entries(REPLACED_KEYS)) {
    const json = nested.get(key);
    const isBlank = json === undefined || (json.kind === 'string' && json.value === '') || (json.kind === 'object' && json.members.length === 0);
    if (!isBlank) findings.faults.push(`${key}: ${replacement}`);
  }
}

function readTls(top: Top, findings: Findings): TlsConfig {
  const { values, sources } = readSection('tls', top.nested, findings);
  if (sources.has('client_cert') !== sources.has('client_key')) {
    const missing = sources.has('client_cert') ? 'client_key' : 'client_cert';
    findings.faults.push(`tls.${missing}: is missing: a client certificate needs both client_cert and client_key`);
  }
  const isFork = sources.get('skip_verify') !== 'file' && top.values.skip_ssl_verify !== undefined;
  const isVerificationOff = (isFork ? top.values.skip_ssl_verify : values.skip_verify) ?? false;
  if (isVerificationOff) findings.warnings.push('the certificate of Vault is not verified: set tls.ca_cert and remove tls.skip_verify');
  return {
    caCertFile: values.ca_cert,
    caDirectory: values.ca_path,
    clientCertFile: values.client_cert,
    clientKeyFile: values.client_key,
    serverName: values.server_name,
    isVerificationOff,
  };
}

function readTopSchedule({ values, sources }: Top, findings: Findings): ScheduleConfig {
  const fallback: ScheduleConfig = { kind: 'interval', everyMs: values.frequency };
  const schedule = readSchedule({ values, sources }, '', values.timezone, findings) ?? fallback;
  const index = findings.effective.findIndex(({ key, source }) => key === 'frequency' && source === 'default');
  // The default of frequency does not count beside a schedule.
  if (schedule.kind === 'cron' && index >= 0) findings.effective.splice(index, 1);
  return schedule;
}

function readJitter(jitterMs: number, schedules: readonly ScheduleConfig[], findings: Findings): number {
  const shortestMs = shortestIntervalMs(schedules);
  if (jitterMs >= shortestMs) {
    findings.faults.push(`jitter: must be shorter than the interval of ${formatDuration(shortestMs)}, got ${formatDuration(jitterMs)}: write a shorter one`);
  }
  return jitterMs;
}

function chooseTimeout(schedules: readonly ScheduleConfig[], findings: Findings): number {
  const timeoutMs = defaultTimeoutMs(schedules);
  findings.effective.push({ key: 'snapshot_timeout', shown: formatDuration(timeoutMs), source: 'default' });
  return timeoutMs;
}
