import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ServerChild } from './child.ts';
import { systemdRoot } from './systemd-root.ts';
import { until } from './wait.ts';

const run = promisify(execFile);

export interface Shown {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Debian with a real systemd as its first process. What is written there is gone when it ends. */
export class BootedSystemd {
  readonly #child: ServerChild;
  readonly #directory: string;
  readonly #init: string;

  private constructor(child: ServerChild, directory: string, init: string) {
    this.#child = child;
    this.#directory = directory;
    this.#init = init;
  }

  /** `node`: becomes its /usr/bin/node. */
  static async boot(node: string): Promise<BootedSystemd> {
    const directory = await mkdtemp(join(tmpdir(), 'booted-'));
    const mounts = await mkdtemp(join(directory, 'mounts-'));
    const log = join(directory, 'console.log');
    const child = await ServerChild.start(join(import.meta.dirname, 'boot-systemd.sh'), [await systemdRoot(), mounts, node], log);
    try {
      const init = await until(`the first process of the system, see ${log}`, async () => {
        if (!child.isRunning) throw new Error('it ended at its start');
        const [pid] = /^\d+/.exec(await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')) ?? [];
        return pid !== undefined && (await readFile(`/proc/${pid}/comm`, 'utf8')) === 'systemd\n' && pid;
      });
      const booted = new BootedSystemd(child, directory, init);
      // Asked too early, systemctl waits for an answer that never comes.
      const state = async () => (await booted.run('timeout', '2', 'systemctl', 'is-system-running')).stdout;
      await until(`the system to boot, see ${log}`, async () => /running|degraded/.test(await state()));
      return booted;
    } catch (error) {
      await child.kill();
      throw new Error(await readFile(log, 'utf8'), { cause: error });
    }
  }

  /** A command there, as root. Its failure is an answer. */
  async run(...command: readonly string[]): Promise<Shown> {
    const args = ['--target', this.#init, '--mount', '--uts', '--ipc', '--pid', '--cgroup', '--root', '--wd', '--', ...command];
    try {
      const { stdout, stderr } = await run('nsenter', args, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, maxBuffer: 16 * 1024 * 1024 });
      return { code: 0, stdout, stderr };
    } catch (thrown) {
      const { code, stdout, stderr } = thrown as Shown;
      if (typeof code !== 'number') throw thrown;
      return { code, stdout, stderr };
    }
  }

  /** The same, where failing is a failure. */
  async must(...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...command);
    if (code !== 0) throw new Error(`${command.join(' ')}: ${code} ${stderr}${stdout}`);
    return stdout;
  }

  /** Where its files lie, seen from here. */
  path(absolute: string): string {
    return `/proc/${this.#init}/root${absolute}`;
  }

  async end(): Promise<void> {
    await this.#child.kill();
    // The kernel keeps its groups, empty.
    const clean = 'mount -t cgroup2 none "$1" && { find "$1/$2" -depth -type d -exec rmdir {} +; umount "$1"; }';
    const mounts = await mkdtemp(join(this.#directory, 'groups-'));
    await run('sh', ['-c', clean, 'sh', mounts, `booted-${this.#child.pid}`]);
    await rm(this.#directory, { recursive: true, force: true });
  }
}
