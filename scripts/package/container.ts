import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Release } from './release.ts';
import { put } from './stage.ts';

const run = promisify(execFile);

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Those whose files go into the image, as Debian names them. */
const FOREIGN_PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates'];

/** An archive to build the image from, with nothing but what the program needs: its libraries and the certificates are those of this host. */
export async function makeContainer({ version, epoch, architecture, executable, licenses, scratch, output }: Release): Promise<void> {
  const directory = join(scratch, 'container');
  const root = join(directory, 'root');
  await put('packaging/container/Containerfile', join(directory, 'Containerfile'));
  for (const file of ['passwd', 'group', 'nsswitch.conf']) await put(`packaging/container/${file}`, join(root, 'etc', file));
  await put(executable, join(root, 'usr/bin/vault-snapshotd'), 0o755);
  for (const library of await librariesOf(executable)) {
    // The loader looks for the others where this host has them.
    await put(await realpath(library), join(root, dirname(library), basename(library)), 0o755);
  }
  await put(CERTIFICATES, join(root, CERTIFICATES));
  await put(licenses, join(root, 'usr/share/doc/vault-snapshotd/THIRD-PARTY-LICENSES'));
  await put('LICENSE', join(root, 'usr/share/doc/vault-snapshotd/LICENSE'));
  for (const name of FOREIGN_PACKAGES) {
    const copyright = `/usr/share/doc/${name}/copyright`;
    if (existsSync(copyright)) await put(await realpath(copyright), join(root, copyright));
  }
  await mkdir(join(directory, 'state'), { mode: 0o700 });
  const archive = join(output, `vault-snapshotd-${version}-linux-${architecture}-container.tar.gz`);
  const sameEverywhere = ['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner', '--use-compress-program=gzip -6n'];
  await run('tar', ['--create', '--file', archive, ...sameEverywhere, '--directory', directory, '.']);
}

async function librariesOf(executable: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [executable]);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
