import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountSmallDisk } from '../fakes/scratch.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { type Ended, run } from '../system/program.ts';
import { makeScene, type Scene, type Settings } from '../system/scene.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';
import { blocksOf, bytesAt, expectTidyAt, localPlace, namesAt, type Place } from './places.ts';
import type { Refusal } from './store-front.ts';
import { STORE_NAMES, type StoreName, type StorePlace, Stores } from './stores.ts';
import { linesOf, READABLE_LOG, type Report } from './told.ts';

/** Two parts, the second one not full. */
const SNAPSHOT_BYTES = 10_000_000;
/** As long as a fault is tried over and over; enough for all the others on a busy machine. */
const PATIENCE = { snapshot_timeout: '12s', ...READABLE_LOG };
const LIMIT_MS = 120_000;

let vault: VaultNode;
let role: AppRole;
let stores: Stores;

beforeAll(async () => {
  [vault, stores] = await Promise.all([startVault(), Stores.start()]);
  role = await appRole(vault);
  await fill(vault, SNAPSHOT_BYTES);
});

afterAll(async () => {
  await Promise.all([removeVault(vault), stores.stop()]);
});

interface Several {
  readonly scene: Scene;
  readonly locals: readonly Place[];
  readonly remotes: readonly StorePlace[];
  readonly places: readonly Place[];
}

/** Directories and stores, in one configuration. */
async function severalPlaces(directories: readonly string[], names: readonly StoreName[], settings: Settings = PATIENCE): Promise<Several> {
  const scene = await makeScene(vault.address, role, settings);
  const locals = directories.map((name) => localPlace(name, join(scene.directory, name)));
  const remotes = await Promise.all(names.map((name) => stores.newPlace(name)));
  const places = [...locals, ...remotes];
  await scene.configure(blocksOf(places));
  return { scene, locals, remotes, places };
}

async function everywhere(): Promise<Several> {
  return await severalPlaces(['one', 'two'], STORE_NAMES);
}

/** A directory, the store it is about, and another one: in turn, each store is the other one too. */
async function withOthers(victim: StoreName, settings: Settings = PATIENCE) {
  const other = STORE_NAMES[(STORE_NAMES.indexOf(victim) + 1) % STORE_NAMES.length]!;
  const several = await severalPlaces(['one'], [victim, other], settings);
  return { ...several, place: several.remotes[0]!, others: [...several.locals, ...several.remotes.slice(1)] };
}

interface FullReport extends Report {
  readonly delivered: readonly { readonly destination: string }[];
  readonly missed: readonly { readonly destination: string; readonly code: string }[];
}

async function once({ config }: Scene): Promise<Ended & { readonly report: FullReport; readonly lines: readonly string[] }> {
  const ended = await run(['--once', '--json', '--config', config]);
  return { ...ended, report: JSON.parse(ended.stdout) as FullReport, lines: ended.stderr.trim().split('\n') };
}

/** Everybody's snapshots, which must be the same; undefined where there are none. */
async function sameEverywhere(places: readonly Place[]): Promise<readonly string[]> {
  const [first, ...others] = await Promise.all(places.map(expectTidyAt));
  for (const other of others) expect(other).toEqual(first);
  return [...(first ?? [])].map(([name]) => name);
}

describe('a round to two directories and four stores', () => {
  it('brings the same proved bytes to all of them, each with its manifest', { timeout: LIMIT_MS }, async () => {
    const { scene, remotes, places } = await everywhere();
    const { code, report, stderr } = await once(scene);
    expect({ code, report }, stderr).toMatchObject({ code: 0, report: { outcome: 'taken', missed: [] } });
    expect(report.delivered.map(({ destination }) => destination).sort()).toEqual(places.map(({ name }) => name).sort());
    expect(await sameEverywhere(places)).toEqual([report.snapshot.name]);
    await verifyArchive(await bytesAt(places[0]!, report.snapshot.name));
    for (const place of remotes) expect(await stores.unfinished(place, keysOf(report))).toEqual([]);
  });

  it('keeps an alias beside the newest snapshot at each of them', { timeout: LIMIT_MS }, async () => {
    const { scene, places } = await everywhere();
    await scene.configure(blocksOf(places, Object.fromEntries(places.map(({ name }) => [name, { latest_alias: 'latest', retain: 2 }]))));
    const names: string[] = [];
    for (const value of ['first', 'second', 'third']) {
      await vault.write('filling/alias', { value });
      const { code, report, stderr } = await once(scene);
      expect(code, stderr).toBe(0);
      names.push(report.snapshot.name);
      for (const place of places) {
        expect((await namesAt(place)).snapshots, place.name).toEqual(['latest.snap', ...names.slice(-2)]);
        expect((await bytesAt(place, 'latest.snap')).equals(await bytesAt(place, report.snapshot.name)), place.name).toBe(true);
      }
    }
  });

  it('keeps one snapshot alone under a static name, and history at the others', { timeout: LIMIT_MS }, async () => {
    const { scene, remotes, places } = await everywhere();
    const minio = remotes[0]!;
    await scene.configure(blocksOf(places, { minio: { s3_static_snapshot_name: 'vault' } }));
    for (const rounds of [1, 2]) {
      await vault.write('filling/static', { value: String(rounds) });
      const { code, report, stderr } = await once(scene);
      expect(code, stderr).toBe(0);
      const sums = await expectTidyAt(minio);
      expect([...sums]).toEqual([['vault.snap', report.snapshot.sha256]]);
      expect(await sameEverywhere(places.filter((place) => place !== minio))).toHaveLength(rounds);
    }
  });
});

/** In the words of each store. */
const FULL: Readonly<Record<StoreName, Refusal>> = {
  minio: { status: 507, body: '<Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its minimum free drive threshold.</Message></Error>' },
  versitygw: { status: 403, body: '<Error><Code>QuotaExceeded</Code><Message>Your request was denied due to quota exceeded.</Message></Error>' },
  gcs: { status: 403, body: JSON.stringify({ error: { message: 'The quota is used up.', errors: [{ reason: 'quotaExceeded' }] } }) },
  azurite: { status: 507, headers: { 'x-ms-error-code': 'InsufficientStorage' }, body: '' },
};

const REFUSED: Refusal = { status: 401, body: JSON.stringify({ error: { message: 'Invalid credentials', errors: [{ reason: 'authError' }] } }) };

interface Fault {
  readonly what: string;
  readonly code: string;
  /** Sets it up, and tells what the configuration says otherwise. */
  befall(place: StorePlace): Settings | undefined;
}

const FAULTS: readonly Fault[] = [
  {
    what: 'is down',
    code: 'storage_unavailable',
    befall: ({ front }) => {
      front.vanish();
      return undefined;
    },
  },
  {
    what: 'vanishes in the middle of the upload',
    code: 'storage_unavailable',
    befall: ({ front }) => {
      front.decide = ({ step, isManifest }, moment) => {
        if (step === 'part' && !isManifest && moment === 'amid') front.vanish();
        return undefined;
      };
      return undefined;
    },
  },
  {
    what: 'is full',
    code: 'storage_no_space',
    befall: ({ front, name }) => {
      front.decide = ({ step, isManifest }, moment) => (step === 'part' && !isManifest && moment === 'before' ? FULL[name] : undefined);
      return undefined;
    },
  },
  {
    what: 'refuses the login',
    code: 'storage_denied',
    befall: ({ front, wrongLogin }) => {
      if (wrongLogin === undefined) front.decide = (_, moment) => (moment === 'before' ? REFUSED : undefined);
      return wrongLogin;
    },
  },
];

describe('a destination that', () => {
  it.each(FAULTS)('$what is missed by name and costs the others nothing; the next round serves it again', { timeout: LIMIT_MS }, async (fault) => {
    await Promise.all(STORE_NAMES.map((victim) => missedAndServedAgain(victim, fault)));
  });

  it('is slow holds nobody up', { timeout: LIMIT_MS }, async () => {
    // Versitygw hangs up on a request that takes eight seconds.
    const victims: readonly StoreName[] = ['minio', 'gcs', 'azurite'];
    await Promise.all(victims.map(slowAndLast));
  });

  it('has no room left on its disk is missed by name, with nothing half-made there', { timeout: LIMIT_MS }, async () => {
    const { scene, locals, remotes } = await severalPlaces(['small'], ['azurite']);
    const small = locals[0]!;
    const path = String(small.settings.path);
    await mkdir(path);
    await mountSmallDisk(path, SNAPSHOT_BYTES / 2);
    const { code, report, stderr } = await once(scene);
    expect({ code, missed: report.missed }, stderr).toMatchObject({ code: 3, missed: [{ destination: 'small', code: 'storage_no_space' }] });
    expect(await namesAt(small)).toEqual({ snapshots: [], manifests: [] });
    expect(await sameEverywhere(remotes)).toEqual([report.snapshot.name]);
  });
});

async function missedAndServedAgain(victim: StoreName, { befall, code }: Fault): Promise<void> {
  const { scene, place, places, others } = await withOthers(victim);
  await scene.configure(blocksOf(places, { [victim]: befall(place) }));

  const first = await once(scene);
  expect({ code: first.code, outcome: first.report.outcome, missed: first.report.missed }, first.stderr).toMatchObject({
    code: 3,
    outcome: 'partial',
    missed: [{ destination: victim, code }],
  });
  const told = linesOf({ lines: [...first.lines] }).filter(({ event }) => event === 'snapshot_delivered' || event === 'destination_missed');
  if (code !== 'storage_denied') expect(told.at(-1), first.stderr).toMatchObject({ event: 'destination_missed', destination: victim, code });
  expect(told.filter(({ event }) => event === 'snapshot_delivered').map(({ destination }) => destination)).toHaveLength(others.length);
  expect(await namesAt(place)).toEqual({ snapshots: [], manifests: [] });
  expect(await sameEverywhere(others)).toEqual([first.report.snapshot.name]);
  if (code !== 'storage_unavailable') expect(await stores.unfinished(place, keysOf(first.report))).toEqual([]);

  await place.front.comeBack();
  await scene.configure(blocksOf(places));
  const second = await once(scene);
  expect(second.code, second.stderr).toBe(0);
  expect(await sameEverywhere(others)).toEqual([first.report.snapshot.name, second.report.snapshot.name]);
  expect([...(await expectTidyAt(place)).keys()]).toEqual([second.report.snapshot.name]);
}

async function slowAndLast(victim: StoreName): Promise<void> {
  const { scene, place, places } = await withOthers(victim, { ...PATIENCE, snapshot_timeout: '1m' });
  place.front.bytesPerSecond = 1_000_000;
  const { code, report, lines, stderr } = await once(scene);
  expect(code, stderr).toBe(0);
  const delivered = linesOf({ lines: [...lines] }, 'snapshot_delivered').map(({ destination }) => destination);
  expect(delivered.at(-1), stderr).toBe(victim);
  expect(await sameEverywhere(places)).toEqual([report.snapshot.name]);
}

/** What was being uploaded, for a store that has to be asked by whole keys. */
function keysOf({ snapshot: { name } }: Report): readonly string[] {
  return [`snapshots/${name}`, `snapshots/manifests/${name}.json`];
}
