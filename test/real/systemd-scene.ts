import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BootedSystemd } from '../servers/booted-systemd.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { ROOT } from '../unit/source-tree.ts';

export const UNIT = 'vault-snapshotd';
const UNITS = ['vault-snapshotd.service', 'vault-snapshotd-once.service', 'vault-snapshotd-once.timer'] as const;
export const UNIT_FILES = UNITS.map((unit) => `/etc/systemd/system/${unit}`);

interface JournalLine {
  readonly PRIORITY: string;
  readonly MESSAGE: string;
}

/** A booted system with everything installed as packages lay it out, and a Vault for it. */
export class UnitScene {
  readonly system: BootedSystemd;
  readonly vault: VaultNode;
  readonly #role: AppRole;

  private constructor(system: BootedSystemd, vault: VaultNode, role: AppRole) {
    this.system = system;
    this.vault = vault;
    this.#role = role;
  }

  static async boot(): Promise<UnitScene> {
    const [system, vault] = await Promise.all([BootedSystemd.boot(process.execPath), startVault()]);
    const scene = new UnitScene(system, vault, await appRole(vault));
    await scene.#install();
    return scene;
  }

  async end(): Promise<void> {
    await Promise.all([this.system.end(), removeVault(this.vault)]);
  }

  async #install(): Promise<void> {
    const { system } = this;
    for (const part of ['bin', 'dist']) await cp(join(ROOT, part), system.path(`/usr/lib/vault-snapshotd/${part}`), { recursive: true });
    for (const unit of UNITS) await cp(join(ROOT, 'packaging/systemd', unit), system.path(`/etc/systemd/system/${unit}`));
    await mkdir(system.path('/etc/vault.d'));
    await writeFile(system.path('/etc/vault.d/secret-id'), this.#role.secretId, { mode: 0o600 });
    await system.must('ln', '-s', '/usr/lib/vault-snapshotd/bin/vault-snapshotd', '/usr/bin/vault-snapshotd');
    await system.must('useradd', '--system', '--no-create-home', '--shell', '/usr/sbin/nologin', UNIT);
    // Enabled, systemd remembers how it ended.
    await system.must('systemctl', 'enable', UNIT);
    await system.must('install', '-d', '-o', UNIT, '-m', '0700', '/srv/vault-snapshots');
  }

  /** Writes the configuration, with these keys besides or instead. */
  async configure(settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { roleId: role_id } = this.#role;
    const base = { addr: this.vault.address, role_id, secret_id: { credential: 'secret-id' }, local_storage: { path: '/srv/vault-snapshots' } };
    await writeFile(this.system.path('/etc/vault.d/snapshot.json'), JSON.stringify({ ...base, ...settings }), { mode: 0o640 });
    await this.system.must('chgrp', UNIT, '/etc/vault.d/snapshot.json');
  }

  async dropIn(lines: readonly string[], unit = `${UNIT}.service`): Promise<void> {
    const directory = `/etc/systemd/system/${unit}.d`;
    await mkdir(this.system.path(directory), { recursive: true });
    await writeFile(this.system.path(`${directory}/test.conf`), `${lines.join('\n')}\n`);
    await this.system.must('systemctl', 'daemon-reload');
  }

  async property(name: string): Promise<string> {
    return (await this.system.must('systemctl', 'show', '--value', '--property', name, UNIT)).trim();
  }

  async untilProperty(name: string, value: RegExp): Promise<void> {
    await until(`${name} to be ${value}`, async () => value.test(await this.property(name)), 20_000);
  }

  /** Stopped, with an empty destination and this configuration. */
  async prepare(lines: readonly string[] = [], settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.system.run('systemctl', 'stop', UNIT);
    await this.system.run('systemctl', 'reset-failed', UNIT);
    await this.system.must('sh', '-c', 'rm -rf /srv/vault-snapshots/*');
    await this.configure(settings);
    await this.dropIn(['[Unit]', 'StartLimitBurst=100', '[Service]', ...NEEDED, ...lines]);
  }

  /** With a first snapshot behind it. */
  async startAnew(lines: readonly string[] = [], settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.prepare(lines, settings);
    await this.system.must('systemctl', 'start', UNIT);
    await this.untilProperty('StatusText', /^took /);
  }

  async journal(): Promise<readonly JournalLine[]> {
    const text = await this.system.must('journalctl', '--unit', UNIT, '--output', 'json', '--no-pager');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JournalLine);
  }
}

/** What an operator adds for a secret of its own and a destination of its own. */
export const NEEDED = ['LoadCredential=secret-id:/etc/vault.d/secret-id', 'ReadWritePaths=/srv/vault-snapshots'] as const;
