import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bundle, packageVersion } from './bundle.ts';
import { makeContainer } from './package/container.ts';
import { makeDeb } from './package/deb.ts';
import { makeExecutable } from './package/executable.ts';
import { materialsOf, renderLicenses, renderSbom } from './package/materials.ts';
import type { Release } from './package/release.ts';
import { makeRpm } from './package/rpm.ts';

const root = join(import.meta.dirname, '..');

/** Of the commit, unless the environment says: two runs of one commit make the same bytes. */
function sourceEpoch(): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  return Number(given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }));
}

/** All packages into a directory, which is replaced at the end: by default dist/packages. */
async function main(target = join(root, 'dist/packages')): Promise<void> {
  process.umask(0o022);
  const scratch = await mkdtemp(join(tmpdir(), 'packages-'));
  try {
    const [output, chunks] = [join(scratch, 'output'), join(scratch, 'bundle')];
    await mkdir(output);
    const metafile = await bundle(chunks);
    const version = await packageVersion();
    const materials = materialsOf(metafile);
    const release: Release = {
      version,
      epoch: sourceEpoch(),
      architecture: process.arch,
      executable: join(output, `vault-snapshotd-${version}-linux-${process.arch}`),
      licenses: join(output, 'THIRD-PARTY-LICENSES'),
      scratch,
      output,
    };
    await writeFile(release.licenses, renderLicenses(materials));
    await writeFile(join(output, `vault-snapshotd-${version}.cdx.json`), renderSbom(materials, release));
    await makeExecutable(chunks, scratch, release.executable);
    await Promise.all([makeDeb(release), makeRpm(release), makeContainer(release)]);
    await writeFile(join(output, 'SHA256SUMS'), await sumsOf(output));
    await publish(output, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function sumsOf(folder: string): Promise<string> {
  let lines = '';
  for (const name of (await readdir(folder)).sort()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, name)), hash);
    lines += `${hash.digest('hex')}  ${name}\n`;
  }
  return lines;
}

/** Beside the target first: the temporary directory may be on another disk. */
async function publish(output: string, target: string): Promise<void> {
  const next = `${target}.${process.pid}`;
  await mkdir(next, { recursive: true });
  for (const name of await readdir(output)) await copyFile(join(output, name), join(next, name));
  await rm(target, { recursive: true, force: true });
  await rename(next, target);
}

await main(process.argv[2]);
