import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cliPages } from '../../../scripts/cli-pages.ts';
import { ROOT } from '../source-tree.ts';

describe('what is written from the declaration of the command line', () => {
  it.each(Object.entries(cliPages()))('is %s, word for word', (path, text) => {
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
  });

  it('is a man page without a fault', () => {
    const page = join(ROOT, 'packaging/man/vault-snapshotd.1');
    const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', page], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('--max-deletes N');
  });
});
