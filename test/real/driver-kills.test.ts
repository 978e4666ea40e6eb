import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { type Running, run, start } from '../system/program.ts';
import { makeScene, type Scene } from '../system/scene.ts';
import { blocksOf, expectTidyAt, expectWholeAt, localPlace, namesAt } from './places.ts';
import type { Moment, Step } from './store-front.ts';
import { type StoreName, type StorePlace, Stores } from './stores.ts';

/** Two parts, the last one not full. */
const SNAPSHOT_BYTES = 9_000_000;
const RETAINED = 2;
const LIMIT_MS = 180_000;

interface Point {
  readonly step: Exclude<Step, 'other'>;
  readonly moment: Moment;
  readonly isManifest: boolean;
}

/** In the order of a round. Google gets the last part with the commit, and Azure knows no open. */
const POINTS: readonly Point[] = [
  { step: 'open', moment: 'before', isManifest: false },
  { step: 'open', moment: 'after', isManifest: false },
  { step: 'part', moment: 'before', isManifest: false },
  { step: 'part', moment: 'amid', isManifest: false },
  { step: 'part', moment: 'after', isManifest: false },
  { step: 'commit', moment: 'before', isManifest: false },
  { step: 'commit', moment: 'after', isManifest: false },
  { step: 'open', moment: 'after', isManifest: true },
  { step: 'commit', moment: 'before', isManifest: true },
  { step: 'commit', moment: 'after', isManifest: true },
];

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

async function succeed({ config }: Scene): Promise<string> {
  const { code, stderr } = await run(['--once', '--config', config]);
  expect(code, stderr).toBe(0);
  return stderr;
}

/** One round that is killed when the store is asked for that step, or has answered it, or has half of what was sent. */
async function killAt(point: Point, { config }: Scene, { front }: StorePlace): Promise<void> {
  let program: Running | undefined;
  front.decide = ({ step, isManifest }, moment) => {
    if (step !== point.step || isManifest !== point.isManifest || moment !== point.moment) return undefined;
    program?.signal('SIGKILL');
    return 'silence';
  };
  program = start(['--once', '--config', config]);
  const { signal, stderr } = await program.ended;
  expect(signal, stderr).toBe('SIGKILL');
  await front.comeBack();
}

/** What was there is there still, its manifest too, and what came is whole. */
async function expectUndisturbed(store: StorePlace, before: readonly string[]): Promise<void> {
  expect([...(await expectWholeAt(store)).keys()]).toEqual(expect.arrayContaining([...before]));
  expect((await namesAt(store)).manifests).toEqual(expect.arrayContaining(before.map((name) => `${name}.json`)));
}

describe('a kill -9 in the middle of an upload', () => {
  const VICTIMS: readonly StoreName[] = ['versitygw', 'gcs', 'azurite'];

  it('shows nothing that is not whole, deletes nothing, and the next round tidies up', { timeout: LIMIT_MS }, async () => {
    await Promise.all(VICTIMS.map(killedAtEachPoint));
  });
});

async function killedAtEachPoint(name: StoreName): Promise<void> {
  const scene = await makeScene(vault.address, role, { retain: RETAINED, max_deletes: 0 });
  const store = await stores.newPlace(name);
  const places = [localPlace('local', scene.destination), store];
  await scene.configure(blocksOf(places));
  for (let each = 0; each < RETAINED; each++) await succeed(scene);
  for (const point of POINTS.filter(({ step }) => step !== 'open' || name !== 'azurite')) {
    const where = `${name}: ${JSON.stringify(point)}`;
    const { snapshots: before } = await namesAt(store);
    await killAt(point, scene, store);
    await expectUndisturbed(store, before);
    const log = await succeed(scene);
    // Once it is committed the next start proves it again, and sees to its manifest.
    const isAdopted = point.isManifest || (point.step === 'commit' && point.moment === 'after');
    expect(log.includes(`snapshot_adopted destination=${name}`), where).toBe(isAdopted);
    for (const place of places) expect((await expectTidyAt(place)).size, where).toBe(RETAINED);
  }
  if (name !== 'versitygw') return;
  const left = await stores.unfinished(store, []);
  expect(left.length).toBeGreaterThan(3);
  expect((await stores.sweepLater(store)).toSorted()).toEqual(left.map((key) => `s3://${store.settings.s3_bucket}/${key}`).toSorted());
  expect(await stores.unfinished(store, [])).toEqual([]);
}
