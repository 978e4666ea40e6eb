import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../servers/wait.ts';
import { snapshotsIn } from '../system/scene.ts';
import { beside, isInitialised, keeper, leavesNothing, type Source, secretOf, shamirSource } from './bootstrap-scene.ts';

const { empty, removeAll } = keeper();
let source: Source;
let newest: string;

beforeAll(async () => {
  source = await shamirSource();
  await source.take('older');
  newest = await source.take('newest');
  await source.node.terminate();
});

afterEach(removeAll);
afterAll(() => source.remove());

describe('a damaged newest snapshot', () => {
  async function damagedCopy(directory: string): Promise<string> {
    const path = join(directory, 'damaged');
    await cp(source.snapshots, path, { recursive: true });
    const [, last] = [...(await snapshotsIn(path))].sort();
    const file = join(path, last!);
    const bytes = await readFile(file);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    await writeFile(file, bytes);
    return path;
  }

  it('makes room for the one before it, by name', async () => {
    const node = await empty();
    const host = await beside(node, source);
    const path = await damagedCopy(host.directory);
    await host.giveShares({ local_storage: { path } });
    const { told } = await host.bootstrap();
    expect(told).toMatchObject({ exit_code: 0, reason: 'restored', level: 'canary-read' });
    expect(told.skipped).toMatchObject([{ key: expect.stringContaining(newest), reason: expect.stringContaining('archive: ') }]);
    expect(await secretOf(node, source)).toBe('older');

    const other = await empty();
    const beyond = await beside(other, source);
    await beyond.configure({ local_storage: { path } });
    const none = (await beyond.bootstrap('--fallback', '0')).told;
    expect(none).toMatchObject({ exit_code: 1, error: { code: 'no_good_snapshot' } });
    expect(await isInitialised(other)).toBe(false);
  });

  it('is taken whole from another destination first', async () => {
    const node = await empty();
    const host = await beside(node, source);
    const path = await damagedCopy(host.directory);
    const places = [
      { name: 'damaged', path },
      { name: 'whole', path: source.snapshots },
    ];
    await host.giveShares({ local_storage: places });
    const { told } = await host.bootstrap();
    expect(told).toMatchObject({ exit_code: 0, reason: 'restored', skipped: [{ key: `damaged: ${newest}` }] });
    expect(await secretOf(node, source)).toBe('newest');
  });
});

describe('a bootstrap that is killed', () => {
  it('ends by the next run, or says that it cannot', { timeout: 120_000 }, async () => {
    await Promise.all(['initialised', 'restore_sent', 'restored'].map(killedAt));
  });

  async function killedAt(phase: string): Promise<void> {
    const node = await empty();
    const host = await beside(node, source);
    const going = host.begin();
    await until(`the phase ${phase}`, async () => (await host.phase()) === phase);
    going.signal('SIGKILL');
    await going.ended;
    await host.giveShares();
    const { told } = await host.bootstrap();
    if (told.exit_code === 0) {
      expect(told, phase).toMatchObject({ reason: 'restored', level: 'canary-read' });
      expect(await secretOf(node, source), phase).toBe('newest');
      await leavesNothing(host);
      return;
    }
    // The archive had not gone out: nobody has the keys of that init, and the server holds nothing.
    expect(phase).not.toBe('restored');
    expect(told, phase).toMatchObject({ exit_code: 1, error: { code: 'half_done' } });
  }
});
