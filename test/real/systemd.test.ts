import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BootedSystemd } from '../servers/booted-systemd.ts';
import { systemdRoot } from '../servers/systemd-root.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
// Builds the program if it is stale.
import '../system/program.ts';
import { ROOT } from '../unit/source-tree.ts';

const UNIT = 'vault-snapshotd';
const CONFIG = '/etc/vault.d/snapshot.json';

let system: BootedSystemd;
let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  // Apart from the rest: the first time it takes a minute or two.
  await systemdRoot();
}, 300_000);

beforeAll(async () => {
  [system, vault] = await Promise.all([BootedSystemd.boot(process.execPath), startVault()]);
  role = await appRole(vault);
  await install(system);
});

afterAll(async () => {
  await Promise.all([system?.end(), vault && removeVault(vault)]);
});

/** As packages lay it out. */
async function install(target: BootedSystemd): Promise<void> {
  for (const part of ['bin', 'dist']) await cp(join(ROOT, part), target.path(`/usr/lib/vault-snapshotd/${part}`), { recursive: true });
  for (const unit of ['vault-snapshotd.service', 'vault-snapshotd-once.service', 'vault-snapshotd-once.timer'])
    await cp(join(ROOT, 'packaging/systemd', unit), target.path(`/etc/systemd/system/${unit}`));
  await mkdir(target.path('/etc/vault.d'));
  await writeFile(target.path('/etc/vault.d/secret-id'), role.secretId, { mode: 0o600 });
  await target.must('ln', '-s', '/usr/lib/vault-snapshotd/bin/vault-snapshotd', '/usr/bin/vault-snapshotd');
  await target.must('useradd', '--system', '--no-create-home', '--shell', '/usr/sbin/nologin', UNIT);
  // Enabled, systemd remembers how it ended.
  await target.must('systemctl', 'enable', UNIT);
  await target.must('install', '-d', '-o', UNIT, '-m', '0700', '/srv/vault-snapshots');
}

/** Writes the configuration, with these keys besides or instead. */
async function configure(settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const base = { addr: vault.address, role_id: role.roleId, secret_id: { credential: 'secret-id' }, local_storage: { path: '/srv/vault-snapshots' } };
  await writeFile(system.path(CONFIG), JSON.stringify({ ...base, ...settings }), { mode: 0o640 });
  await system.must('chgrp', UNIT, CONFIG);
}

async function dropIn(lines: readonly string[]): Promise<void> {
  const directory = `/etc/systemd/system/${UNIT}.service.d`;
  await mkdir(system.path(directory), { recursive: true });
  const all = [
    '[Unit]',
    'StartLimitBurst=100',
    '[Service]',
    'LoadCredential=secret-id:/etc/vault.d/secret-id',
    'ReadWritePaths=/srv/vault-snapshots',
    ...lines,
  ];
  await writeFile(system.path(`${directory}/test.conf`), `${all.join('\n')}\n`);
  await system.must('systemctl', 'daemon-reload');
}

async function property(name: string): Promise<string> {
  return (await system.must('systemctl', 'show', '--value', '--property', name, UNIT)).trim();
}

function untilProperty(name: string, value: RegExp): Promise<unknown> {
  return until(`${name} to be ${value}`, async () => value.test(await property(name)), 20_000);
}

/** With a first snapshot behind it. */
async function startAnew(lines: readonly string[] = [], settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await system.run('systemctl', 'stop', UNIT);
  await system.run('systemctl', 'reset-failed', UNIT);
  await system.must('sh', '-c', 'rm -rf /srv/vault-snapshots/*');
  await configure(settings);
  await dropIn(lines);
  await system.must('systemctl', 'start', UNIT);
  await untilProperty('StatusText', /^took /);
}

interface JournalLine {
  readonly PRIORITY: string;
  readonly MESSAGE: string;
}

async function journal(): Promise<readonly JournalLine[]> {
  const text = await system.must('journalctl', '--unit', UNIT, '--output', 'json', '--no-pager');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine);
}

describe('the unit under a booted systemd', () => {
  it('starts, reads its credential, takes a snapshot and says so', async () => {
    await startAnew();
    expect(await property('ActiveState')).toBe('active');
    expect(await property('StatusText')).toMatch(/^took raft_snapshot-\d+\.snap; next look at \d{4}-/);
    expect(await system.must('ls', '/srv/vault-snapshots')).toMatch(/raft_snapshot-\d+\.snap/);
  });

  it('is reloaded with a new configuration, and goes on with the old one when that is refused', async () => {
    await startAnew();
    const pid = await property('MainPID');
    await configure({ local_storage: { path: '/srv/vault-snapshots/second' } });
    await system.must('systemctl', 'reload', UNIT);
    await until('a snapshot at the new place', async () => (await system.run('sh', '-c', 'ls /srv/vault-snapshots/second/*.snap')).code === 0);
    await configure({ frequency: 'hourly' });
    const refused = await system.run('systemctl', 'reload', UNIT);
    expect(refused.code).not.toBe(0);
    await untilProperty('ActiveState', /^active$/);
    expect(await property('MainPID')).toBe(pid);
    expect((await journal()).some(({ MESSAGE }) => MESSAGE.includes('event=reload_refused'))).toBe(true);
  });

  it('lives longer than its watchdog waits, and is killed and started anew when it hangs', async () => {
    await startAnew(['WatchdogSec=2s', 'RestartSec=100ms']);
    const pid = await property('MainPID');
    const heard = async () => Number(await property('WatchdogTimestampMonotonic'));
    const first = await heard();
    await until('the watchdog to hear of it for three of its periods', async () => (await heard()) - first > 6_000_000);
    expect(await property('MainPID')).toBe(pid);
    expect(await property('NRestarts')).toBe('0');
    await system.must('sh', '-c', `kill -STOP ${pid}`);
    await untilProperty('NRestarts', /^1$/);
    await untilProperty('ActiveState', /^active$/);
    expect(await property('MainPID')).not.toBe(pid);
  });

  it('stops inside its grace period, with nothing wrong', async () => {
    await startAnew();
    await system.must('systemctl', 'stop', UNIT);
    expect(await property('Result')).toBe('success');
    expect(await property('ExecMainStatus')).toBe('0');
    expect(await property('ExecMainCode')).toBe('1');
  });

  it('is started anew after a crash', async () => {
    await startAnew(['RestartSec=100ms']);
    const pid = await property('MainPID');
    await system.must('sh', '-c', `kill -KILL ${pid}`);
    await untilProperty('NRestarts', /^1$/);
    await untilProperty('ActiveState', /^active$/);
  });

  it('is not started anew with a configuration that is wrong', async () => {
    await startAnew(['RestartSec=100ms']);
    await system.must('systemctl', 'stop', UNIT);
    await configure({ frequency: 'hourly' });
    expect((await system.run('systemctl', 'start', UNIT)).code).not.toBe(0);
    expect(await property('ExecMainStatus')).toBe('78');
    expect(await property('ActiveState')).toBe('failed');
    expect(await property('NRestarts')).toBe('0');
  });
});
