import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PracticeVault, startPracticeVault } from '../../demo/practice-vault.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { BootedSystemd } from '../servers/booted-systemd.ts';
import { systemdRoot } from '../servers/systemd-root.ts';
import { until } from '../servers/wait.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';
import { makePackages, packageLike, runHere } from './packages.ts';
import { describeProgram } from './smoke.ts';

const UNIT = 'vault-snapshotd.service';
const CONFIG = '/etc/vault.d/snapshot.json';
const STATE = '/var/lib/vault-snapshotd';
const USER = 65532;

let vault: PracticeVault;

beforeAll(async () => {
  makePackages();
  // The first time this takes a minute or two.
  await systemdRoot();
  vault = await startPracticeVault();
}, 600_000);

afterAll(() => vault?.close());

function configuration(settings: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ addr: vault.address, role_id: vault.roleId, secret_id: vault.secretId, ...settings });
}

describe('the packages', () => {
  it('have the checksums that lie beside them', async () => {
    const { stdout } = await runHere('sha256sum', ['--check', 'SHA256SUMS'], { cwd: dirname(packageLike('SHA256SUMS')) });
    expect(stdout.match(/: OK$/gm)).toHaveLength(6);
  });

  it('come with a list of what is bundled, and of nothing else', async () => {
    const bom = JSON.parse(await readFile(packageLike('*.cdx.json'), 'utf8')) as { components: { name: string; version: string; hashes?: unknown[] }[] };
    const names = bom.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['node', '@aws-sdk/client-s3', '@azure/storage-blob', 'node-vault', 'pino']));
    for (const name of ['axios', 'vitest', 'esbuild']) expect(names).not.toContain(name);
    expect(bom.components.filter(({ name, hashes }) => name !== 'node' && hashes === undefined)).toEqual([]);
    const licenses = await readFile(packageLike('THIRD-PARTY-LICENSES'), 'utf8');
    expect(bom.components.filter(({ name, version }) => !licenses.includes(`\n${name} ${version} (`))).toEqual([]);
  });

  it('please lintian', async () => {
    const { stdout } = await runHere('lintian', ['--allow-root', '--fail-on', 'error,warning', packageLike('*.deb')]).catch((error) => error);
    expect(stdout).toBe('');
    // It looks at each word in 110 MB.
  }, 240_000);
});

describeProgram('the executable', async () => ({ program: packageLike('*-linux-*[0-9]'), path: '/nonexistent' }));

describe('the container', () => {
  it('takes a snapshot with nothing but its own files, as a user without rights, on a root it cannot write to', async () => {
    const scratch = await scratchDirectory();
    await runHere('tar', ['--extract', '--file', packageLike('*-container.tar.gz'), '--directory', scratch]);
    const file = await readFile(join(scratch, 'Containerfile'), 'utf8');
    expect(file).toContain(`USER ${USER}:${USER}\n`);
    expect(file).toContain(`ENV STATE_DIRECTORY=${STATE}\n`);
    expect(file).toContain('ENTRYPOINT ["/usr/bin/vault-snapshotd"]\n');
    const root = join(scratch, 'root');
    for (const folder of [dirname(CONFIG), STATE]) await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, CONFIG), configuration({ local_storage: { path: join(STATE, 'snapshots') } }));
    const start = [
      'mount --bind "$1/root" "$1/root"',
      'mount -o remount,bind,ro "$1/root"',
      `chown ${USER}:${USER} "$1/state"`,
      `mount --bind "$1/state" "$1/root${STATE}"`,
      `exec env -i PATH=/usr/sbin:/usr/bin STATE_DIRECTORY=${STATE} chroot --userspec=${USER}:${USER} "$1/root" /usr/bin/vault-snapshotd --once --json`,
    ];
    const { stdout } = await runHere('unshare', ['--mount', 'sh', '-euc', start.join('\n'), 'sh', scratch]);
    const { outcome } = JSON.parse(stdout) as { readonly outcome: string };
    expect(outcome).toBe('taken');
    const { stdout: found } = await runHere('find', [join(scratch, 'state/snapshots'), '-name', '*.snap']);
    await verifyArchive(await readFile(found.trim()));
  });
});

describe('a package on a booted Debian without Node', () => {
  let system: BootedSystemd;

  beforeAll(async () => {
    system = await BootedSystemd.boot('/bin/false');
    await cp(packageLike('*.deb'), system.path('/root/package.deb'));
  });

  afterAll(() => system?.end());

  async function property(name: string): Promise<string> {
    return (await system.must('systemctl', 'show', '--value', '--property', name, UNIT)).trim();
  }

  async function isThere(path: string): Promise<boolean> {
    return (await system.run('test', '-e', path)).code === 0;
  }

  async function configure(): Promise<void> {
    await mkdir(system.path(dirname(CONFIG)), { recursive: true });
    await writeFile(system.path(CONFIG), configuration({ local_storage: { path: join(STATE, 'snapshots') } }), { mode: 0o640 });
    await system.must('chgrp', 'vault-snapshotd', CONFIG);
  }

  async function untilSnapshot(): Promise<void> {
    await until('a snapshot', async () => (await system.run('sh', '-c', `ls ${STATE}/snapshots/*.snap`)).code === 0);
  }

  it('is installed by dpkg, waits for its configuration, survives an upgrade, and is purged', async () => {
    await system.must('dpkg', '--install', '/root/package.deb');
    expect(await system.must('vault-snapshotd', 'version')).toMatch(/^vault-snapshotd \d/);
    expect(await system.must('systemctl', 'is-enabled', UNIT)).toBe('enabled\n');
    expect([await property('ActiveState'), await property('ConditionResult')]).toEqual(['inactive', 'no']);
    expect(await system.must('systemctl', '--failed', '--no-legend', '--plain')).not.toContain('vault-snapshotd');

    await configure();
    await system.must('systemctl', 'start', UNIT);
    await untilSnapshot();
    const [pid, config] = [await property('MainPID'), await system.must('cat', CONFIG)];

    await system.must('dpkg', '--install', '/root/package.deb');
    expect(await property('ActiveState')).toBe('active');
    expect(await property('MainPID')).not.toBe(pid);
    expect(await system.must('cat', CONFIG)).toBe(config);

    await system.must('systemctl', 'disable', '--now', UNIT);
    await system.must('dpkg', '--install', '/root/package.deb');
    expect((await system.run('systemctl', 'is-enabled', UNIT)).stdout).toBe('disabled\n');
    expect(await property('ActiveState')).toBe('inactive');

    await system.must('systemctl', 'start', UNIT);
    await system.must('dpkg', '--remove', 'vault-snapshotd');
    expect((await system.run('sh', '-c', 'readlink /proc/[0-9]*/exe')).stdout).not.toContain('vault-snapshotd');
    expect([await isThere(CONFIG), await isThere(STATE)]).toEqual([true, true]);

    const { code, stderr } = await system.run('dpkg', '--purge', 'vault-snapshotd');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`${STATE} is kept: there are snapshots in it`) });
    expect([await isThere(CONFIG), await isThere(STATE)]).toEqual([true, true]);
    await untilSnapshot();

    await system.must('dpkg', '--install', '/root/package.deb');
    await system.must('systemctl', 'stop', UNIT);
    await system.must('rm', '-r', `${STATE}/snapshots`);
    await system.must('dpkg', '--purge', 'vault-snapshotd');
    expect([await isThere(CONFIG), await isThere(STATE)]).toEqual([true, false]);
    expect(await system.must('getent', 'passwd', 'vault-snapshotd')).toContain(STATE);
    expect(await system.must('find', '/etc', '/usr', '/var/lib/systemd', '-name', '*vault-snapshotd*')).toBe('');
    await system.must('rm', '-r', dirname(CONFIG));
  });
});

describe('the rpm', () => {
  it('is installed, keeps the configuration when it is upgraded and erased, and takes its unit with it', async () => {
    const scratch = await scratchDirectory();
    await writeFile(join(scratch, 'snapshot.json'), configuration({ spool_path: STATE, local_storage: { path: join(STATE, 'snapshots') } }));
    const steps = [
      'export PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'mount -t tmpfs none /mnt',
      'mkdir /mnt/upper /mnt/work /mnt/root',
      'mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root',
      'rpm() { command rpm --root /mnt/root --define "_dbpath /var/lib/rpm" --nodeps "$@"; }',
      'here() { chroot /mnt/root "$@"; }',
      'rpm --install "$3"',
      'here vault-snapshotd version',
      'here systemctl is-enabled vault-snapshotd',
      'here getent passwd vault-snapshotd',
      `mkdir /mnt/root${dirname(CONFIG)}`,
      `install -m 0640 "$2/snapshot.json" /mnt/root${CONFIG}`,
      `here chgrp vault-snapshotd ${CONFIG}`,
      `here install -d -o vault-snapshotd ${STATE}`,
      'here setpriv --reuid vault-snapshotd --regid vault-snapshotd --clear-groups vault-snapshotd --once >&2',
      'here systemctl disable vault-snapshotd',
      'rpm --upgrade --replacepkgs "$3"',
      'here systemctl is-enabled vault-snapshotd || true',
      'rpm --erase vault-snapshotd',
      `here find ${dirname(CONFIG)} ${STATE} -type f -name "*snap*" | grep -c snap`,
      'here find /usr /etc/systemd -name "*vault-snapshotd*"',
    ];
    const { stdout } = await runHere('unshare', ['--mount', 'sh', '-euc', steps.join('\n'), 'sh', await systemdRoot(), scratch, packageLike('*.rpm')]);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^vault-snapshotd \d/),
      'enabled',
      expect.stringMatching(/^vault-snapshotd:/),
      'disabled',
      // The configuration, the snapshot and its manifest.
      '3',
      '',
    ]);
  });
});
