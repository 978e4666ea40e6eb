import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serverBinary, VAULT } from '../servers/binaries.ts';
import { ROOT } from '../unit/source-tree.ts';

describe('npm run demo:recovery', () => {
  let folder: string;

  beforeEach(async () => {
    await serverBinary(VAULT);
    folder = mkdtempSync(join(tmpdir(), 'demo-recovery-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  async function demo(onLine: (line: string, kill: () => void) => void) {
    const env = { PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: process.env.HOME, TMPDIR: folder };
    const child = spawn(process.execPath, [join(ROOT, 'demo/recovery.ts')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      onLine(line, () => child.kill('SIGTERM'));
    });
    await once(child, 'exit');
    return { code: child.exitCode, text: lines.join('\n') };
  }

  it('loses a Vault and brings it back with every secret, then leaves it alone', async () => {
    const { code, text } = await demo(() => {});
    expect(code, text).toBe(0);
    expect(text).toMatch(/drill: .*: canary-read/);
    expect(text).toContain('200 of 200 secrets are what they were');
    expect(text).toContain('nothing done: the server is initialised');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing behind when it is stopped in the middle', async () => {
    const { code } = await demo((line, kill) => {
      if (line.includes('Would it come back?')) kill();
    });
    expect(code).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });
});
