import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../../servers/vault.ts';
import { type AppRole, appRole, fill } from '../../servers/vault-data.ts';
import type { VaultNode } from '../../servers/vault-node.ts';
import { run } from '../program.ts';
import { expectTidy, expectWhole, makeScene, type Scene, snapshotsIn } from '../scene.ts';

const IS_FULL = process.env.VAULT_SNAPSHOTD_TEST_FULL === '1';
const MOMENTS = IS_FULL ? ['before', 'amid', 'after'] : ['amid'];
/** Prime to the pattern of a round, so that each kind of step has its turn. */
const STEP = IS_FULL ? 1 : 5;
const RETAINED = 2;

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
  // More than one chunk, so that the upload begins before the archive has ended.
  await fill(vault, 700_000);
});

afterAll(() => removeVault(vault));

/** True when the program was killed, false when it came to its end before that operation. */
async function wasKilled({ config }: Scene, operation: number, moment: string): Promise<boolean> {
  const env = { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'preload.ts')}`, KILL_AT: `${operation} ${moment}` };
  const { code, signal, stderr } = await run(['--once', '--config', config], env);
  if (signal === null) expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('round done') });
  return signal === 'SIGKILL';
}

async function succeed({ config }: Scene): Promise<void> {
  const { code, stderr } = await run(['--once', '--config', config]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('round done') });
}

function isProved({ destination }: Scene, name: string): boolean {
  return existsSync(join(destination, `manifests/${name}.json`));
}

/** Calls back at each point that is looked at; tells how many there were. */
async function atEachPoint(kill: (operation: number, moment: string) => Promise<boolean>): Promise<number> {
  let points = 0;
  for (const moment of MOMENTS) {
    for (let operation = 1; await kill(operation, moment); operation += STEP) points++;
  }
  return points;
}

const LIMIT_MS = IS_FULL ? 1_800_000 : 120_000;

describe('a round that is killed', () => {
  it('in a place where there was nothing shows nothing or a whole snapshot, and the next one tidies up', { timeout: LIMIT_MS }, async () => {
    const points = await atEachPoint(async (operation, moment) => {
      const scene = await makeScene(vault.address, role, { retain: RETAINED });
      const isKilled = await wasKilled(scene, operation, moment);
      await expectWhole(scene.destination);
      const left = await snapshotsIn(scene.destination);
      await succeed(scene);
      await expectTidy(scene, left.length + 1);
      expect(await snapshotsIn(scene.destination)).toEqual(expect.arrayContaining([...left]));
      return isKilled;
    });
    expect(points).toBeGreaterThan(IS_FULL ? 100 : 8);
  });

  it('deletes no snapshot that it has not replaced, and the next one prunes what was to be pruned', { timeout: LIMIT_MS }, async () => {
    const scene = await makeScene(vault.address, role, { retain: RETAINED });
    for (let each = 0; each < RETAINED; each++) await succeed(scene);
    const points = await atEachPoint(async (operation, moment) => {
      const [oldest = '', newest = ''] = await snapshotsIn(scene.destination);
      const isKilled = await wasKilled(scene, operation, moment);
      await expectWhole(scene.destination);
      const left = await snapshotsIn(scene.destination);
      expect(left).toContain(newest);
      if (!left.includes(oldest)) expect(left.filter((name) => isProved(scene, name))).toHaveLength(RETAINED);
      await succeed(scene);
      await expectTidy(scene, RETAINED);
      return isKilled;
    });
    expect(points).toBeGreaterThan(IS_FULL ? 100 : 8);
  });
});
