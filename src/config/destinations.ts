import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RetentionPolicy } from '../retention/plan.ts';
import { type azureTable, readAzureSettings } from '../storage/azure/config.ts';
import { type gcsTable, readGcsSettings } from '../storage/gcs/config.ts';
import { readS3Settings, type s3Table } from '../storage/s3/config.ts';
import { type Block, type Findings, readBlock } from './block.ts';
import type { DestinationConfig, ScheduleConfig } from './config.ts';
import { DESTINATION_BLOCKS, type destinationTable } from './destination-schema.ts';
import { showJson, type Table, type Values } from './format.ts';
import type { Json, JsonObject } from './json.ts';
import { readSchedule } from './schedule.ts';

type DestinationBlock = (typeof DESTINATION_BLOCKS)[number];

/** What a destination has unless it says otherwise. */
export interface DestinationDefaults {
  readonly schedule: ScheduleConfig;
  readonly timezone: string;
  readonly retain: RetentionPolicy;
  readonly maxDeletes: number | undefined;
}

/** Every destination that is on, in the order the ancestor serves them. */
export function readDestinations(blocks: ReadonlyMap<string, Json>, defaults: DestinationDefaults, findings: Findings): readonly DestinationConfig[] {
  const destinations: DestinationConfig[] = [];
  for (const kind of DESTINATION_BLOCKS) {
    const json = blocks.get(kind.block);
    if (json === undefined) continue;
    for (const entry of entriesOf(json, kind.block, findings)) {
      const destination = readDestination(kind, entry, defaults, findings);
      if (destination === undefined) continue;
      refuseDoubles(destination, destinations, entry.prefix, findings);
      destinations.push(destination);
    }
  }
  return destinations;
}

interface Entry {
  readonly json: JsonObject;
  readonly prefix: string;
  readonly isListed: boolean;
}

function entriesOf(json: Json, block: string, findings: Findings): readonly Entry[] {
  if (json.kind === 'object') return [{ json, prefix: `${block}.`, isListed: false }];
  const items = json.kind === 'list' ? json.items : [json];
  return items.flatMap((item, index) => {
    const place = json.kind === 'list' ? `${block}[${index}]` : block;
    if (item.kind === 'object') return [{ json: item, prefix: `${place}.`, isListed: true }];
    findings.faults.push(`${place}: must be an object or a list of objects, got ${showJson(item)}: write {…} with the keys of docs/config.md`);
    return [];
  });
}

function readDestination(block: DestinationBlock, entry: Entry, defaults: DestinationDefaults, findings: Findings): DestinationConfig | undefined {
  // Apart at first: of a block that is off nothing counts, its faults neither.
  const own: Findings = { env: findings.env, faults: [], warnings: [], effective: [] };
  const read = readBlock<Table>(block.table, entry.json, entry, own);
  const isOn = read.sources.has(block.switchKey) && read.values.enabled !== false;
  if (!isOn && isSwitchedOff(block, entry, read)) {
    const others = [...read.sources].filter(([name, source]) => source === 'file' && name !== 'enabled');
    if (others.length > 0)
      findings.warnings.push(`${entry.prefix}${block.switchKey}: is empty or switched off: nothing goes there, whatever else the block says`);
    return undefined;
  }
  if (!isOn) own.faults.push(`${entry.prefix}${block.switchKey}: is missing: give it, or remove the whole block`);
  const destination = toDestination(block, entry, read, defaults, own);
  findings.faults.push(...own.faults);
  findings.warnings.push(...own.warnings);
  findings.effective.push(...own.effective);
  return own.faults.length > 0 ? undefined : destination;
}

/** Said to be off, or empty; a block that only lacks its main key may be a mistake that would cost a destination. */
function isSwitchedOff(block: DestinationBlock, { json, isListed }: Entry, { values, sources }: Block<Table>): boolean {
  if (values.enabled === false) return true;
  if (isListed) return false;
  const isWritten = json.members.some(({ key }) => key.toLowerCase() === block.switchKey);
  return isWritten || (json.members.length === 0 && ![...sources.values()].includes('file'));
}

function toDestination(
  block: DestinationBlock,
  { prefix }: Entry,
  read: Block<Table>,
  defaults: DestinationDefaults,
  own: Findings,
): DestinationConfig | undefined {
  const { name, retain, max_deletes: maxDeletes, frequency, schedule, latest_alias: latestAlias } = read.values as Values<typeof destinationTable>;
  if (name === undefined) own.effective.push({ key: `${prefix}name`, shown: block.kind, source: 'default' });
  const base = {
    name: name ?? block.kind,
    schedule: readSchedule({ values: { frequency, schedule }, sources: read.sources }, prefix, defaults.timezone, own) ?? defaults.schedule,
    retain: retain ?? defaults.retain,
    maxDeletes: maxDeletes ?? defaults.maxDeletes,
    ...readAlias(latestAlias, staticName(read), prefix, own),
  };
  if (block.kind === 'local') return { ...base, kind: block.kind, path: String(read.values.path) };
  if (block.kind === 'azure') {
    const azure = readAzureSettings(read as Block<typeof azureTable>, prefix, own);
    return azure && { ...base, kind: block.kind, settings: azure };
  }
  if (block.kind === 'gcp') {
    const google = readGcsSettings(read as Block<typeof gcsTable>, prefix, own);
    return google && { ...base, kind: block.kind, settings: google };
  }
  const s3 = readS3Settings(read as Block<typeof s3Table>, prefix, own);
  return s3 && { ...base, kind: block.kind, settings: s3 };
}

function staticName({ values }: Block<Table>): string | undefined {
  const name = values.s3_static_snapshot_name;
  return typeof name === 'string' ? name : undefined;
}

/** The ancestor's static name keeps no history; an alias stands beside it. */
function readAlias(
  latest: string | undefined,
  fixed: string | undefined,
  prefix: string,
  own: Findings,
): { readonly alias: string | undefined; readonly keepsHistory: boolean } {
  if (latest !== undefined && fixed !== undefined) {
    own.faults.push(`${prefix}latest_alias: must not stand beside s3_static_snapshot_name: remove that one, it keeps no history`);
  }
  return { alias: fixed ?? latest, keepsHistory: fixed === undefined };
}

/** Two destinations of one name could not be told apart; two in one place would prune each other's snapshots. */
function refuseDoubles(one: DestinationConfig, others: readonly DestinationConfig[], prefix: string, findings: Findings): void {
  if (others.some(({ name }) => name === one.name)) {
    findings.faults.push(`${prefix}name: must be unique, got ${JSON.stringify(one.name)}: give each destination a name of its own`);
  }
  const { key, coordinates } = placeOf(one);
  const twin = others.find((other) => other.kind === one.kind && isDeepStrictEqual(placeOf(other).coordinates, coordinates));
  if (twin !== undefined) findings.faults.push(`${prefix}${key}: must be a place of its own, got that of "${twin.name}": write another one`);
}

/** Where the snapshots lie, and the key that would part two of one place. */
function placeOf(one: DestinationConfig): { readonly key: string; readonly coordinates: readonly unknown[] } {
  switch (one.kind) {
    case 'local':
      return { key: 'path', coordinates: [join(one.path, '/')] };
    case 'gcp':
      return { key: 'prefix', coordinates: [one.settings.endpoint, one.settings.bucket, one.settings.prefix] };
    case 'azure': {
      const { login, container, prefix } = one.settings;
      // A connection string is a secret, read later: whose account it names is not known here.
      return { key: 'prefix', coordinates: [login.method === 'connection_string' ? one.name : login.endpoint, container, prefix] };
    }
    case 'aws': {
      const { s3_endpoint, s3_bucket, prefix } = one.settings;
      // One name that is always replaced is a place for itself: nothing is pruned around it.
      return { key: 's3_key_prefix', coordinates: [s3_endpoint, s3_bucket, prefix, one.keepsHistory || one.alias] };
    }
  }
}
