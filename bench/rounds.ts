import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { until } from '../test/servers/wait.ts';
import { type Run, type SealFigures, type SizeFigures, SLOW_BYTES_PER_SECOND, type WayFigures, type WayName } from './figures.ts';
import { begin, endGroup, measure, runStep } from './measure.ts';
import { makeScene, type Scene } from './scene.ts';
import { type Way, waysOf } from './ways.ts';

/** Above it, Google's stand-in takes ten minutes: it copies the whole object with each part. */
const ALL_FOUR_UP_TO_MB = 1_000;
/** Above it, the pipe would hold the seal for minutes. */
const SEALED_UP_TO_MB = 300;
const UNDER_WAY_BYTES = 1_000_000;

export interface Task {
  readonly megabytes: number;
  readonly turns: number;
  /** Of the ways to measure; all ratios are to curl. */
  readonly names: readonly string[];
}

/** Every way once in each turn, each turn beginning with another one, so that a busy minute hits all alike. */
export async function measureSize(task: Task, say: (line: string) => void): Promise<SizeFigures> {
  const { megabytes, turns } = task;
  const scene = await makeScene(megabytes);
  try {
    say(`${megabytes} MB: the servers stand`);
    const ways = new Map<WayName, Run[]>();
    for (let turn = 0; turn < turns; turn++) {
      for (const way of inTurn(await affordable(scene, `turn-${turn}`, task), turn)) {
        const run = await measureWay(scene, way);
        say(`${megabytes} MB, turn ${turn + 1} of ${turns}: ${way.name} ${JSON.stringify(run)}`);
        ways.set(way.name, [...(ways.get(way.name) ?? []), run]);
      }
      await rm(join(scene.scratch, `turn-${turn}`), { recursive: true });
    }
    const seals = megabytes > SEALED_UP_TO_MB ? [] : await measureSeals(scene, task, say);
    const snapshotMb = Math.round(ways.get('curl')?.[0]?.fromVaultMb ?? 0);
    const figures = [...ways].map(([name, runs]): WayFigures => ({ name, runs }));
    return { megabytes, snapshotMb, measuredOn: new Date().toISOString().slice(0, 10), ways: figures, seals };
  } finally {
    await scene.close();
  }
}

async function affordable(scene: Scene, turn: string, { megabytes, names }: Task): Promise<readonly Way[]> {
  return (await waysOf(scene, turn)).filter(({ name }) => names.includes(name) && (name !== 'four' || megabytes <= ALL_FOUR_UP_TO_MB));
}

/** The passes over the file of curl stay last. */
function inTurn(ways: readonly Way[], turn: number): readonly Way[] {
  const isPass = ({ name }: Way) => name === 'sha256sum' || name === 'gunzip';
  const rounds = ways.filter((way) => !isPass(way));
  const first = (turn * 2) % rounds.length;
  return [...rounds.slice(first), ...rounds.slice(0, first), ...ways.filter(isPass)];
}

async function measureWay({ front, stores, scratch }: Scene, way: Way): Promise<Run> {
  if (way.before !== undefined) await runStep(way.before);
  const behind = Object.values(stores);
  for (const proxy of [front, ...behind]) proxy.reset();
  const load = loadavg()[0] ?? 0;
  const { wallSeconds, peakMb, cpuSeconds } = await measure(way.steps, scratch);
  return {
    wallSeconds: rounded(wallSeconds, 2),
    vaultSeconds: rounded(front.snapshotMs / 1000, 2),
    peakMb: rounded(peakMb, 0),
    cpuSeconds: rounded(cpuSeconds, 2),
    fromVaultMb: rounded(front.toClientBytes / 1_000_000, 1),
    storesMb: rounded(behind.map((proxy) => proxy.toServerBytes + proxy.toClientBytes).reduce((sum, one) => sum + one, 0) / 1_000_000, 1),
    load: rounded(load, 1),
  };
}

/** Sealed as soon as the snapshot is on its way; what is left of the program afterwards is of no interest. */
async function measureSeals(scene: Scene, task: Task, say: (line: string) => void): Promise<readonly SealFigures[]> {
  const { vault, front, stores } = scene;
  for (const proxy of Object.values(stores)) proxy.bytesPerSecond = SLOW_BYTES_PER_SECOND;
  const seals: SealFigures[] = [];
  for (const { name, steps, isSlowable } of await affordable(scene, 'sealed', task)) {
    const [step] = steps;
    if (step === undefined || !(isSlowable || name === 'curl')) continue;
    front.reset();
    const child = begin(step);
    child.stderr?.resume();
    await until(`${name} to read`, async () => front.snapshotBytes > UNDER_WAY_BYTES || child.exitCode !== null);
    const began = performance.now();
    await seal(vault.address, vault.rootToken);
    seals.push({ name, seconds: rounded((performance.now() - began) / 1000, 1) });
    say(`${task.megabytes} MB: a seal waits ${seals.at(-1)?.seconds} s for ${name}`);
    await endGroup(child);
    await vault.unseal();
  }
  return seals;
}

/** Waits for as long as it takes, which is the figure. */
async function seal(address: string, token: string): Promise<void> {
  const asking = request(`${address}/v1/sys/seal`, { method: 'PUT', agent: false, headers: { 'X-Vault-Token': token } }).end();
  const [answer] = await once(asking, 'response');
  answer.resume();
  if (answer.statusCode !== 204) throw new Error(`seal: ${answer.statusCode}`);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
