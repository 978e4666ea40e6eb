import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverBinary, VAULT } from '../servers/binaries.ts';
import { BootedSystemd, type Shown } from '../servers/booted-systemd.ts';
import { Authority } from '../servers/certificates.ts';
import { systemdRoot } from '../servers/systemd-root.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { ROOT } from '../unit/source-tree.ts';
import type { Block } from './docs-blocks.ts';
// Builds the program if it is stale.
import './program.ts';

const UNIT = 'vault-snapshotd';
const OLD_AGENTS = ['snapshot', 'vault-raft-snapshot-agent'];
/** What the guides call the listener of the Vault on the host. */
const ADDRESS_OF_GUIDES = '127.0.0.1:8200';

/** A Debian that booted, with the program as the packages lay it out, beside a real Vault with TLS. */
export class GuideHost {
  readonly vault: VaultNode;
  readonly #system: BootedSystemd;
  readonly #authority: Authority;
  readonly #directory: string;

  private constructor(vault: VaultNode, system: BootedSystemd, authority: Authority, directory: string) {
    this.vault = vault;
    this.#system = system;
    this.#authority = authority;
    this.#directory = directory;
  }

  static async boot(): Promise<GuideHost> {
    await systemdRoot();
    const directory = await mkdtemp(join(tmpdir(), 'guides-'));
    const authority = await Authority.create(directory);
    const tls = { ...(await authority.issue('vault', { usage: 'server', names: ['IP:127.0.0.1'] })), caFile: authority.caFile };
    const [vault, system] = await Promise.all([startVault({ tls }), BootedSystemd.boot(process.execPath)]);
    const host = new GuideHost(vault, system, authority, directory);
    await host.#install();
    return host;
  }

  async end(): Promise<void> {
    await Promise.all([this.#system.end(), removeVault(this.vault)]);
    await rm(this.#directory, { recursive: true });
  }

  /** As it was after the installation: nothing configured, nothing running, no snapshot. */
  async reset(): Promise<void> {
    const { vault } = this;
    for (const unit of [UNIT, ...OLD_AGENTS]) await this.#system.run('systemctl', 'disable', '--now', unit);
    for (const unit of OLD_AGENTS) await rm(this.path(`/etc/systemd/system/${unit}.service`), { force: true });
    await this.must('rm -rf /etc/vault.d /srv/* /var/lib/vault-snapshotd /etc/systemd/system/*.d /etc/consul.d /root/*');
    await this.must('systemctl daemon-reload; systemctl reset-failed; mkdir /etc/vault.d; journalctl --rotate --vacuum-size=1 2>/dev/null');
    await cp(this.#authority.caFile, this.path('/etc/vault.d/ca.pem'));
    for (const path of ['sys/policies/acl/vault-snapshotd', 'sys/auth/approle']) await vault.request('DELETE', path, undefined, vault.rootToken);
  }

  /** A daemon that has taken its first snapshot, with the AppRole in its configuration. */
  async startDaemon(): Promise<void> {
    const role = await appRole(this.vault);
    const tls = { ca_cert: '/etc/vault.d/ca.pem' };
    const config = { addr: this.vault.address, tls, role_id: role.roleId, secret_id: role.secretId, local_storage: { path: '/srv/vault-snapshots' } };
    await this.write('/etc/vault.d/snapshot.json', `${JSON.stringify(config, null, 2)}\n`);
    await this.write(`/etc/systemd/system/${UNIT}.service.d/place.conf`, '[Service]\nReadWritePaths=/srv/vault-snapshots\n');
    await this.must(`chgrp ${UNIT} /etc/vault.d/snapshot.json && chmod 0640 /etc/vault.d/snapshot.json`);
    await this.must(`install -d -m 0700 -o ${UNIT} -g ${UNIT} /srv/vault-snapshots && systemctl daemon-reload && systemctl enable --now ${UNIT}`);
    await until('a first snapshot', async () => (await this.#sh('ls /srv/vault-snapshots/manifests/*.json')).code === 0);
  }

  /** A unit of this name that runs, and does nothing. */
  async oldAgent(name: string): Promise<void> {
    await this.write(`/etc/systemd/system/${name}.service`, '[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n');
    await this.must(`systemctl daemon-reload && systemctl enable --now ${name}`);
  }

  async write(path: string, text: string): Promise<void> {
    await this.must(`mkdir -p "$(dirname ${path})"`);
    await writeFile(this.path(path), this.#toThisVault(text), { mode: 0o644 });
  }

  /** Runs it as somebody types it who is root, and in Vault too. It stops at the first command that fails. */
  async type({ commands, when }: Block): Promise<Shown> {
    if (when !== undefined) await until(when, async () => (await this.#sh(when)).code === 0, 30_000);
    return await this.#sh(commands);
  }

  async must(commands: string): Promise<string> {
    const { code, stdout, stderr } = await this.#sh(commands);
    if (code !== 0) throw new Error(`${commands}: ${code} ${stderr}${stdout}`);
    return stdout;
  }

  /** Where a file of it lies, seen from here. */
  path(absolute: string): string {
    return this.#system.path(absolute);
  }

  async #sh(commands: string): Promise<Shown> {
    const { address, rootToken } = this.vault;
    const env = ['HOME=/root', `VAULT_ADDR=${address}`, 'VAULT_CACERT=/etc/vault.d/ca.pem', `VAULT_TOKEN=${rootToken}`];
    return await this.#system.run('env', '--chdir=/root', ...env, 'sh', '-euc', this.#toThisVault(commands));
  }

  #toThisVault(text: string): string {
    return text.replaceAll(ADDRESS_OF_GUIDES, new URL(this.vault.address).host);
  }

  async #install(): Promise<void> {
    for (const part of ['bin', 'dist']) await cp(join(ROOT, part), this.path(`/usr/lib/${UNIT}/${part}`), { recursive: true, filter: isOfPackage });
    await cp(await serverBinary(VAULT), this.path('/usr/bin/vault'));
    for (const unit of [`${UNIT}.service`, `${UNIT}-once.service`, `${UNIT}-once.timer`])
      await cp(join(ROOT, 'packaging/systemd', unit), this.path(`/usr/lib/systemd/system/${unit}`));
    const examples = this.path(`/usr/share/doc/${UNIT}/examples`);
    await mkdir(examples, { recursive: true });
    await cp(join(ROOT, `packaging/systemd/${UNIT}.service.d`), examples, { recursive: true });
    await this.must(`ln -s /usr/lib/${UNIT}/bin/${UNIT} /usr/bin/${UNIT}; ln -s /usr/bin/env /usr/bin/sudo`);
    await this.must(`useradd --system --no-create-home --shell /usr/sbin/nologin ${UNIT}; useradd --system --no-create-home vault`);
  }
}

function isOfPackage(path: string): boolean {
  return !path.startsWith(join(ROOT, 'dist/packages'));
}
