import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Seeded } from '../fakes/seeded.ts';
import { runCell } from './cell.ts';
import { type Cell, POSSIBLE_CELLS, type Verdict } from './declaration.ts';
import { Ground, LANES, laneOf } from './ground.ts';

/** `all`, or a pattern of the cells to run; without it, a sample. */
const { VAULT_SNAPSHOTD_FAULTS: wanted, VAULT_SNAPSHOTD_VERDICTS: verdictsFile } = process.env;
const AT_ONCE = 6;
const SEED = 7;
const SAMPLED = 6;
const LIMIT_MS = 5_400_000;

/** Where most is at stake: what is visible without its manifest, what is deleted, who else is there, and a disk that never answers. */
const WORST = [
  'local/commit/kill-after',
  'minio/commit/cut-after',
  'gcs/readback/kill',
  'azurite/prune/kill-after',
  'minio/drain/sealed',
  'local/write/term',
  'local/round/twice',
];

function chosen(): readonly Cell[] {
  if (wanted === 'all') return POSSIBLE_CELLS;
  if (wanted !== undefined) return POSSIBLE_CELLS.filter(({ id }) => new RegExp(wanted).test(id));
  const others = POSSIBLE_CELLS.filter(({ id, fault }) => !WORST.includes(id) && laneOf(fault.deed) !== 'cluster');
  return [...POSSIBLE_CELLS.filter(({ id }) => WORST.includes(id)), ...new Seeded(SEED).shuffled(others).slice(0, SAMPLED)];
}

let ground: Ground;

beforeAll(async () => {
  ground = await Ground.open();
});

afterAll(() => ground.close());

async function runAll(cells: readonly Cell[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const runQueue = async (queue: Iterator<Cell>) => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      const verdict = await runCell(next.value, ground);
      verdicts.push(verdict);
      if (verdictsFile !== undefined) await writeFile(verdictsFile, `${JSON.stringify(verdict)}\n`, { flag: 'a' });
    }
  };
  const queues = LANES.flatMap((lane) => {
    const queue = cells.filter(({ fault }) => laneOf(fault.deed) === lane).values();
    return Array.from({ length: lane === 'quiet' ? AT_ONCE : 1 }, () => runQueue(queue));
  });
  await Promise.all(queues);
  return verdicts;
}

it('keeps the promise in each cell of the fault matrix that is looked at', { timeout: LIMIT_MS }, async () => {
  const cells = chosen();
  const verdicts = await runAll(cells);
  expect(verdicts.filter(({ failures }) => failures.length > 0)).toEqual([]);
  expect(verdicts).toHaveLength(cells.length);
});
