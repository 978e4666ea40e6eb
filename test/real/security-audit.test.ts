import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { ROOT } from '../unit/source-tree.ts';

/** The audit, where `npm` answers so. */
async function auditWith(answer: string) {
  const bin = await scratchDirectory();
  await writeFile(join(bin, 'npm'), `#!/bin/sh\ncat <<'END'\n${answer}\nEND\nexit 1\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` };
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/audit.ts')], { env, encoding: 'utf8' });
  return { status, stderr };
}

describe('the audit of dependencies', () => {
  it.each([
    { what: 'nobody answers', answer: '{"message": "405 Method Not Allowed", "error": {"summary": ""}}', status: 0, says: 'nobody was asked' },
    { what: 'nothing comes at all', answer: '', status: 0, says: 'nobody was asked' },
    { what: 'nothing is known', answer: '{"vulnerabilities": {}}', status: 0, says: '' },
    { what: 'little is known', answer: '{"vulnerabilities": {"a": {"severity": "low", "range": "<2"}}}', status: 0, says: 'audit: a <2: low' },
    { what: 'much is known', answer: '{"vulnerabilities": {"a": {"severity": "high", "range": "<2"}}}', status: 1, says: 'audit: a <2: high' },
  ])('ends with $status when $what', async ({ answer, status, says }) => {
    const ended = await auditWith(answer);
    expect(ended).toEqual({ status, stderr: expect.stringContaining(says) });
  });
});
