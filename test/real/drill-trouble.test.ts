import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import type { Running } from '../system/program.ts';
import { type Drilled, type DrillHost, type DrillScene, fillSource, makeDrillScene, nothingLeft, processesIn } from './drill-scene.ts';

/** How far the throw-away server is, as it tells itself. */
const MOMENTS = ['started', 'initialised', 'open', 'filled', 'opened'] as const;
type Moment = (typeof MOMENTS)[number];

describe('a drill that is cut off', () => {
  let source: VaultNode;
  let scene: DrillScene;

  beforeAll(async () => {
    source = await startVault({ nodeId: 'first', shares: 3, threshold: 2 });
    await fillSource(source);
  });

  afterAll(async () => {
    if (source) await removeVault(source);
  });

  const hostFor = async (settings = {}) => {
    scene ??= await makeDrillScene(source);
    return await scene.host(source.keys, settings);
  };

  it('says that the server ended, at whatever moment, and leaves nothing', async () => {
    scene = await makeDrillScene(source);
    await scene.take();
    const ends = await Promise.all(
      MOMENTS.map(async (moment) => {
        const host = await hostFor();
        const running = host.begin();
        process.kill(await reach(moment, host, running), 'SIGKILL');
        const { code, stdout, stderr } = await running.ended;
        await nothingLeft(host.state);
        return { moment, code, told: JSON.parse(stdout) as Drilled, stderr };
      }),
    );
    for (const { moment, code, told, stderr } of ends) {
      expect(told.error, `${moment}: ${stderr}`).toMatchObject({ code: 'server_exited' });
      expect([code, told.left_behind]).toEqual([1, []]);
    }
  });

  it.each([
    { signal: 'SIGTERM' as const, code: 143 },
    { signal: 'SIGINT' as const, code: 130 },
  ])('leaves nothing when it is stopped by $signal, at whatever moment', async ({ signal, code }) => {
    scene = await makeDrillScene(source);
    await scene.take();
    await Promise.all(
      MOMENTS.map(async (moment) => {
        const host = await hostFor();
        const running = host.begin();
        await reach(moment, host, running);
        running.signal(signal);
        const ended = await running.ended;
        expect(ended.code, `${moment}: ${ended.stderr}`).toBe(code);
        await nothingLeft(host.state);
      }),
    );
  });

  it('takes its server with it when it is killed, and the next one removes the rest', async () => {
    scene = await makeDrillScene(source);
    await scene.take();
    await Promise.all(
      MOMENTS.map(async (moment) => {
        const host = await hostFor();
        const running = host.begin();
        await reach(moment, host, running);
        running.signal('SIGKILL');
        await running.ended;
        await until('the server to end', async () => (await processesIn(host.state)).length === 0);
        const left = await drillsIn(host);
        expect(left).toHaveLength(1);
        const { told } = await host.drill(['--dry-run']);
        expect(told).toMatchObject({ exit_code: 0, warnings: [`removed what a killed drill left: ${join(host.state, left[0]!)}`] });
      }),
    );
  });

  it('ends a server of a killed drill that lives on, and no other process', async () => {
    scene = await makeDrillScene(source);
    await scene.take();
    // Without a namespace of its own the server does not die with us at once.
    const host = await hostFor({ addr: 'http://127.0.0.1:9', drill: { isolation: 'external' } });
    const running = host.begin();
    const pid = await reach('started', host, running);
    process.kill(pid, 'SIGSTOP');
    running.signal('SIGKILL');
    await running.ended;
    expect(await processesIn(host.state)).toHaveLength(1);
    await host.drill(['--dry-run']);
    expect(await processesIn(host.state)).toEqual([]);
  });
});

async function drillsIn({ state }: DrillHost): Promise<readonly string[]> {
  return (await readdir(state).catch(() => [])).filter((name) => name.startsWith('.drill-'));
}

/** Waits until its server is that far; resolves with the process. */
async function reach(moment: Moment, host: DrillHost, running: Running): Promise<number> {
  let hasEnded = false;
  void running.ended.then(() => {
    hasEnded = true;
  });
  let pid = 0;
  await until(`the drill to be ${moment}`, async () => {
    if (hasEnded) return true;
    const [directory] = await drillsIn(host);
    if (directory === undefined) return false;
    pid = Number.parseInt(await readFile(join(host.state, directory, 'server.pid'), 'utf8').catch(() => ''), 10);
    if (Number.isNaN(pid)) return false;
    if (moment === 'started') return true;
    const status = await askStatus(join(host.state, directory, 's'));
    return status !== undefined && isAt(moment, status);
  });
  if (hasEnded) throw new Error(`ended before it was ${moment}: ${running.lines.join('\n')}`);
  return pid;
}

interface Status {
  readonly initialized: boolean;
  readonly sealed: boolean;
  readonly n: number;
}

/** The throw-away server is made with one share more than the source has. */
function isAt(moment: Moment, { initialized, sealed, n }: Status): boolean {
  if (moment === 'initialised') return initialized;
  if (moment === 'open') return initialized && !sealed && n === 4;
  return moment === 'filled' ? initialized && n === 3 : initialized && n === 3 && !sealed;
}

async function askStatus(socketPath: string): Promise<Status | undefined> {
  return await new Promise((resolve) => {
    const asked = request({ socketPath, path: '/v1/sys/seal-status', timeout: 1_000 }, (answer) => {
      text(answer).then(
        (told) => resolve(answer.statusCode === 200 ? (JSON.parse(told) as Status) : undefined),
        () => resolve(undefined),
      );
    });
    asked.once('timeout', () => asked.destroy(new Error('late'))).once('error', () => resolve(undefined));
    asked.end();
  });
}
