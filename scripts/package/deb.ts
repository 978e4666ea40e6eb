import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Release } from './release.ts';
import { put, stage, zip } from './stage.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export async function makeDeb(release: Release): Promise<void> {
  const { version, epoch, scratch, output } = release;
  const architecture = ARCHITECTURES[release.architecture] ?? release.architecture;
  const root = join(scratch, 'deb');
  await stage(root, release, 'vendor-completions');
  const doc = join(root, 'usr/share/doc/vault-snapshotd');
  await put('packaging/deb/copyright', join(doc, 'copyright'));
  await put('packaging/deb/lintian-overrides', join(root, 'usr/share/lintian/overrides/vault-snapshotd'));
  const control = await readFile(join(ROOT, 'packaging/deb/control'), 'utf8');
  const maintainer = /^Maintainer: (.*)$/m.exec(control)?.[1] ?? '';
  await writeFile(join(doc, 'changelog.Debian'), changelog(version, maintainer, epoch));
  await zip(join(doc, 'changelog.Debian'));

  const { stdout } = await run('du', ['--apparent-size', '--summarize', '--block-size=1024', root]);
  const values: Readonly<Record<string, string>> = { VERSION: version, ARCHITECTURE: architecture, INSTALLED_KB: Number.parseInt(stdout, 10).toString() };
  const { stdout: sums } = await run('sh', ['-c', 'find usr -type f | LC_ALL=C sort | xargs md5sum'], { cwd: root });
  await mkdir(join(root, 'DEBIAN'));
  await writeFile(join(root, 'DEBIAN/md5sums'), sums);
  await writeFile(
    join(root, 'DEBIAN/control'),
    control.replaceAll(/@(\w+)@/g, (_, name: string) => values[name] ?? ''),
  );
  for (const script of ['postinst', 'prerm', 'postrm']) await put(`packaging/deb/${script}`, join(root, 'DEBIAN', script), 0o755);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  await run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z2', '--build', root, join(output, `vault-snapshotd_${version}-1_${architecture}.deb`)], { env });
}

/** Debian wants one of its own kind; what changed for operators is in the other. */
function changelog(version: string, maintainer: string, epoch: number): string {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return `vault-snapshotd (${version}-1) unstable; urgency=medium\n\n  * Version ${version}: see changelog.gz.\n\n -- ${maintainer}  ${date}\n`;
}
