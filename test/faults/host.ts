import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mountSmallDisk } from '../fakes/scratch.ts';
import { blocksOf, localPlace, type Place } from '../real/places.ts';
import { FOLDER, type StorePlace } from '../real/stores.ts';
import { READABLE_LOG } from '../real/told.ts';
import { type Environment, type Running, start } from '../system/program.ts';
import { makeScene, type Scene, type Settings } from '../system/scene.ts';
import { fetchFrom } from '../unit/observability/http/scene.ts';
import type { Cell } from './declaration.ts';
import { Desk, Front } from './front.ts';
import { enlargeDisk, type Ground, laneOf, type Post } from './ground.ts';

export const RETAINED = 2;
const SMALL_DISK_BYTES = 1_000_000;
const DAY_MS = 86_400_000;

/** One host for one cell: the program, its Vault, its destination with two good snapshots in it, and what stands between them. */
export class Host {
  readonly cell: Cell;
  readonly scene: Scene;
  readonly post: Post;
  readonly place: Place;
  readonly seeds: readonly string[];
  readonly vault: Front;
  readonly desk: Desk;
  /** Undefined where the destination is a directory. */
  readonly store: Front | undefined;

  private constructor(parts: Pick<Host, 'cell' | 'scene' | 'post' | 'place' | 'seeds' | 'vault' | 'desk' | 'store'>) {
    this.cell = parts.cell;
    this.scene = parts.scene;
    this.post = parts.post;
    this.place = parts.place;
    this.seeds = parts.seeds;
    this.vault = parts.vault;
    this.desk = parts.desk;
    this.store = parts.store;
  }

  static async open(cell: Cell, ground: Ground): Promise<Host> {
    const { fault, store: name } = cell;
    const post = await ground.post(laneOf(fault.deed));
    const [vault, desk] = await Promise.all([Front.open('vault', (await post.leader()).address), Desk.open()]);
    const always = { ...READABLE_LOG, retain: RETAINED, max_deletes: 0, frequency: '1h' };
    const scene = await makeScene(vault.address, post.role, { ...always, ...fault.settings });
    const place = name === 'local' ? localPlace('local', scene.destination) : await ground.stores.newPlace(name);
    await Promise.all([mkdir(scene.state), mkdir(scene.destination)]);
    if (fault.deed === 'full') await narrow(cell, scene, post);
    const seeds = await post.seed(place);
    const store = name === 'local' ? undefined : await Front.open(speechOf(place), endpointOf(place));
    const host = new Host({ cell, scene, post, place, seeds, vault, desk, store });
    await host.configure();
    return host;
  }

  /** Kept in the end; what a clock dated that was then set back counts beside the plan. */
  get kept(): number {
    return this.cell.fault.deed === 'clock back' ? RETAINED + 1 : RETAINED;
  }

  async configure(changed: Settings = {}): Promise<void> {
    const { name, block } = this.place;
    const endpoint = block === 'aws_storage' ? 's3_endpoint' : 'endpoint';
    // Only the destination of the cell.
    const none = { local_storage: undefined };
    const through = this.store === undefined ? {} : { [name]: { [endpoint]: this.store.address } };
    await this.scene.configure({ listen: `unix:${this.#socket}`, ...none, ...blocksOf([this.place], through), ...changed });
  }

  start(args: readonly string[] = []): Running {
    return start([...args, '--config', this.scene.config], this.#environment());
  }

  async metrics(): Promise<string> {
    return (await fetchFrom({ socketPath: this.#socket }, '/metrics')).body;
  }

  /** The disk that was full has room, the server that was away is back. */
  async mend(): Promise<void> {
    for (const line of [this.vault, this.desk, this.store]) line?.ambush?.lift();
    const { place, fault, store } = this.cell;
    if (fault.deed === 'full' && place === 'spool') await enlargeDisk(this.scene.state);
    if (fault.deed === 'full' && place === 'write' && store === 'local') await enlargeDisk(this.scene.destination);
    if (laneOf(fault.deed) !== 'quiet') {
      await Promise.all([this.vault, this.desk, this.store].map((line) => line?.ambush?.settled()));
      await this.post.mend();
    }
    // The agent beside the new leader goes on.
    if (fault.deed === 'moved') await this.configure({ addr: (await this.post.leader()).address });
  }

  async close(): Promise<void> {
    await Promise.all([this.vault.close(), this.desk.close(), this.store?.close()]);
    // What is mounted there goes at the end of the test.
    if (this.cell.fault.deed !== 'full') await rm(this.scene.directory, { recursive: true, force: true });
  }

  get #socket(): string {
    return join(this.scene.directory, 'http.sock');
  }

  #environment(): Environment {
    const { store, fault } = this.cell;
    const jumpMs = fault.deed === 'clock back' ? -DAY_MS : fault.deed === 'clock forward' ? DAY_MS : 0;
    if (store !== 'local' && jumpMs === 0) return {};
    const preload = { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'preload.ts')}`, FAULTS_DESK: this.desk.address };
    return { ...preload, FAULTS_CLOCK_MS: String(jumpMs), ...(store === 'local' && { FAULTS_DIRECTORY: this.scene.destination }) };
  }
}

/** Real disks, for the spool and for a directory; a store says by itself that it is full. */
async function narrow({ place, store }: Cell, scene: Scene, post: Post): Promise<void> {
  if (place === 'spool') await mountSmallDisk(scene.state, SMALL_DISK_BYTES);
  else if (place === 'write' && store === 'local') await mountSmallDisk(scene.destination, RETAINED * post.size + SMALL_DISK_BYTES);
}

function speechOf({ block }: Place): 'aws' | 'gcp' | 'azure' {
  if (block === 'aws_storage') return 'aws';
  return block === 'google_storage' ? 'gcp' : 'azure';
}

function endpointOf({ settings }: Place): string {
  return String(settings.s3_endpoint ?? settings.endpoint);
}

/** Of uploads that were opened and that nobody ended. */
export async function unfinishedAt({ place, store }: Host, ground: Ground): Promise<readonly string[]> {
  const inBucket = [...(store?.opened ?? [])].map((path) => path.slice(path.indexOf(`${FOLDER}/`)));
  return await ground.stores.unfinished(place as StorePlace, inBucket);
}
