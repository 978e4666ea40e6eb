import { execFile } from 'node:child_process';
import { chmod, copyFile, glob, mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Release } from './release.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const DOC = 'usr/share/doc/vault-snapshotd';

/** Where a distribution has its files for zsh. */
export type ZshFolder = 'vendor-completions' | 'site-functions';

/** The tree of files that both packages install. */
export async function stage(root: string, { executable, licenses }: Release, zshFolder: ZshFolder): Promise<void> {
  const completions: Readonly<Record<string, string>> = {
    'vault-snapshotd.bash': 'usr/share/bash-completion/completions/vault-snapshotd',
    'vault-snapshotd.zsh': `usr/share/zsh/${zshFolder}/_vault-snapshotd`,
    '_vault-snapshotd': `usr/share/zsh/${zshFolder}/_vault-snapshotd`,
    'vault-snapshotd.fish': 'usr/share/fish/vendor_completions.d/vault-snapshotd.fish',
  };
  await put(executable, join(root, 'usr/bin/vault-snapshotd'), 0o755);
  await putAll('packaging/systemd/*.{service,timer}', join(root, 'usr/lib/systemd/system'));
  await put('packaging/systemd/vault-snapshotd.sysusers.conf', join(root, 'usr/lib/sysusers.d/vault-snapshotd.conf'));
  await putAll('packaging/systemd/vault-snapshotd.service.d/*.example', join(root, DOC, 'examples'));
  await put('packaging/systemd/README.md', join(root, DOC, 'systemd.md'));
  await putAll('{README.md,config.example.json,config.schema.json}', join(root, DOC));
  await putAll('docs/*.{md,hcl}', join(root, DOC, 'docs'));
  await put(licenses, join(root, DOC, 'THIRD-PARTY-LICENSES'));
  await put('CHANGELOG.md', join(root, DOC, 'changelog'));
  await zip(join(root, DOC, 'THIRD-PARTY-LICENSES'), join(root, DOC, 'changelog'));
  for await (const page of glob('packaging/man/*.[1-8]', { cwd: ROOT })) {
    const installed = join(root, `usr/share/man/man${page.at(-1)}`, basename(page));
    await put(page, installed);
    await zip(installed);
  }
  for await (const file of glob('packaging/completion/*', { cwd: ROOT })) {
    const installed = completions[basename(file)];
    if (installed === undefined) throw new Error(`${file}: which shell is it for?`);
    await put(file, join(root, installed));
  }
}

/** Without the time and the name inside, so that equal files stay equal. */
export async function zip(...files: readonly string[]): Promise<void> {
  await run('gzip', ['-9n', ...files]);
}

async function putAll(pattern: string, folder: string): Promise<void> {
  for await (const file of glob(pattern, { cwd: ROOT })) await put(file, join(folder, basename(file)));
}

export async function put(from: string, to: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(resolve(ROOT, from), to);
  await chmod(to, mode);
}
