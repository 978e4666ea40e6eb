import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { NODES, nodeOf } from '../servers/nodes.ts';
// Builds the program if it is stale.
import '../system/program.ts';
import { ROOT } from '../unit/source-tree.ts';
import { describeProgram } from './smoke.ts';

let paths: string;

beforeAll(async () => {
  // Fetched the first time.
  await Promise.all(NODES.map(nodeOf));
  paths = await mkdtemp(join(tmpdir(), 'nodes-'));
}, 300_000);

afterAll(() => rm(paths, { recursive: true }));

for (const version of NODES) {
  describeProgram(`the bundle on Node ${version}`, async () => {
    const folder = await mkdtemp(join(paths, `${version}-`));
    await symlink(await nodeOf(version), join(folder, 'node'));
    return { program: join(ROOT, 'bin/vault-snapshotd'), path: `${folder}:/usr/bin:/bin` };
  });
}
