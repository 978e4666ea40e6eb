import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../servers/wait.ts';
import { ROOT } from '../unit/source-tree.ts';

/** Over the stand-in for Vault: it needs no Go, and the other tests have the real one. */
describe('npm run demo', () => {
  let cache: string;
  const folders = new Set<string>();

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'demo-'));
  });

  afterEach(() => {
    rmSync(cache, { recursive: true });
    for (const folder of folders) rmSync(folder, { recursive: true });
    folders.clear();
  });

  /** Runs it and calls back with each line. */
  async function demo(onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void) {
    const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: cache, XDG_CACHE_HOME: cache };
    const child = spawn(process.execPath, [join(ROOT, 'demo/run.ts')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const folder = /config=(\S+)\/snapshot\.json/.exec(line)?.[1];
      if (folder !== undefined) folders.add(folder);
      onLine(line, (signal) => child.kill(signal));
    });
    await once(child, 'exit');
    return { code: child.exitCode, lines };
  }

  function processesOf(folder: string): string[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => {
      const file = `/proc/${pid}/cmdline`;
      return existsSync(file) && readFileSync(file, 'utf8').includes(folder);
    });
  }

  it('takes snapshots, proves each of them again and leaves them and nothing else', async () => {
    const { code, lines } = await demo(() => {});
    expect(code).toBe(0);
    expect(lines[0]).toContain('a small stand-in of this project');
    expect(lines.filter((line) => line.includes('Successfully created local snapshot to'))).toHaveLength(4);
    expect(lines.filter((line) => line.endsWith('  whole'))).toHaveLength(3);
    const [folder = ''] = folders;
    expect(readdirSync(join(folder, 'snapshots')).filter((name) => name.endsWith('.snap'))).toHaveLength(3);
    expect(processesOf(folder)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('leaves nothing running after %s', async (signal) => {
    const { code, lines } = await demo((line, kill) => {
      if (line.includes('Successfully created')) kill(signal);
    });
    expect(code).toBe(signal === 'SIGINT' ? 130 : null);
    expect(lines.some((line) => line.endsWith('  whole'))).toBe(false);
    const [folder = ''] = folders;
    expect(folder).not.toBe('');
    await until('the daemon to be gone', async () => processesOf(folder).length === 0, 10_000);
  });
});
