import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Release } from './release.ts';
import { put, stage } from './stage.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

export async function makeRpm(release: Release): Promise<void> {
  const { version, epoch, scratch, output } = release;
  const architecture = ARCHITECTURES[release.architecture] ?? release.architecture;
  const [root, top, filelist] = [join(scratch, 'rpm'), join(scratch, 'rpmbuild'), join(scratch, 'rpm-files')];
  await stage(root, release, 'site-functions');
  await put('LICENSE', join(root, 'usr/share/licenses/vault-snapshotd/LICENSE'));
  await writeFile(filelist, `%defattr(-,root,root)\n${ownedBelow(root).join('')}`);
  // Debian's rpm would leave a database in the home directory of whoever builds.
  const defines = { _topdir: top, _dbpath: join(scratch, 'rpmdb'), version, stage: root, filelist };
  const args = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  const spec = join(ROOT, 'packaging/rpm/vault-snapshotd.spec');
  await run('rpmbuild', ['-bb', '--target', architecture, ...args, spec], { env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) } });
  const name = `vault-snapshotd-${version}-1.${architecture}.rpm`;
  await copyFile(join(top, 'RPMS', architecture, name), join(output, name));
}

/** All files, and the directories that nobody else has. */
function ownedBelow(root: string): readonly string[] {
  const entries = globSync('**', { cwd: root, withFileTypes: true }).map((entry) => ({ path: join(entry.parentPath, entry.name).slice(root.length), entry }));
  const owned = entries.filter(({ path, entry }) => entry.isFile() || /\/vault-snapshotd(\/|$)/.test(path));
  return owned.map(({ path, entry }) => `${entry.isFile() ? '' : '%dir '}${path}\n`).sort();
}
