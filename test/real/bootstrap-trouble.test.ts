import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { itAlongside } from '../fakes/test-end.ts';
import { until } from '../servers/wait.ts';
import { snapshotsIn } from '../system/scene.ts';
import { beside, empty, isInitialised, leavesNothing, type Source, secretOf, shamirSource } from './bootstrap-scene.ts';

let source: Source;
let newest: string;

beforeAll(async () => {
  source = await shamirSource();
  await source.take('older');
  newest = await source.take('newest');
  await source.node.terminate();
});

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

  itAlongside('makes room for the one before it, by name', async () => {
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

  itAlongside('is taken whole from another destination first', async () => {
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
  for (const phase of ['initialised', 'restore_sent', 'restored'])
    itAlongside(`at ${phase} ends by the next run, or says that it cannot`, () => killedAt(phase));

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
      expect(told).toMatchObject({ reason: 'restored', level: 'canary-read' });
      expect(await secretOf(node, source)).toBe('newest');
      await leavesNothing(host);
      return;
    }
    // The archive had not gone out: nobody has the keys of that init, and the server holds nothing.
    expect(phase).not.toBe('restored');
    expect(told).toMatchObject({ exit_code: 1, error: { code: 'half_done' } });
  }
});
