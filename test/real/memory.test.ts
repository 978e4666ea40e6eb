import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from '../system/program.ts';
import { makeScene } from '../system/scene.ts';
import { reportOf } from './told.ts';

const MB = 1_000_000;
const SMALL_BYTES = 10 * MB;
const LARGE_BYTES = process.env.VAULT_SNAPSHOTD_TEST_FULL === '1' ? 1_000 * MB : 100 * MB;
/** The heap grows a little before V8 clears it. Were buffers left to V8, they alone would be 64 MB more. */
const GROWTH_BYTES = 35 * MB;
const MEASURES_MS = 15 * 60_000;

describe('the memory of a round', () => {
  let vault: VaultNode;

  beforeAll(async () => {
    vault = await startVault();
  });

  afterAll(() => removeVault(vault));

  it('is the same for a small snapshot and for a large one', { timeout: MEASURES_MS }, async () => {
    await fill(vault, SMALL_BYTES, 'small');
    const small = await measure(vault);
    await fill(vault, LARGE_BYTES - SMALL_BYTES, 'large');
    const large = await measure(vault);
    console.log(`peak memory: ${describeMeasure(small)}; ${describeMeasure(large)}`);
    expect(small.snapshotBytes).toBeGreaterThan(0.9 * SMALL_BYTES);
    expect(large.snapshotBytes).toBeGreaterThan(0.9 * LARGE_BYTES);
    expect(large.peakBytes - small.peakBytes).toBeLessThan(GROWTH_BYTES);
    expect(large.peakBytes).toBeLessThan(130 * MB);
  });
});

interface Measure {
  readonly snapshotBytes: number;
  readonly peakBytes: number;
}

/** Leaves at the end of the program what the kernel counted. Plain JavaScript: to load TypeScript takes 30 MB more. */
const LEAVE_STATUS = `
import { readFileSync, writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(process.env.STATUS_FILE, readFileSync('/proc/self/status')));
`;

/** One round of the built program to a directory, with what it says of itself at its end. */
async function measure(vault: VaultNode): Promise<Measure> {
  const scene = await makeScene(vault.address, await appRole(vault), { snapshot_timeout: '10m' });
  const file = join(scene.directory, 'status');
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(LEAVE_STATUS)}`, STATUS_FILE: file };
  const ended = await run(['--once', '--json', '--config', scene.config], env);
  expect(ended).toMatchObject({ code: 0 });
  const peakKiB = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(file, 'utf8'))?.[1];
  const { size } = await stat(join(scene.destination, reportOf(ended).snapshot.name));
  return { snapshotBytes: size, peakBytes: Number(peakKiB) * 1024 };
}

function describeMeasure({ snapshotBytes, peakBytes }: Measure): string {
  return `${Math.round(peakBytes / MB)} MB for a snapshot of ${Math.round(snapshotBytes / MB)} MB`;
}
