import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseEnvFile, readEnvFile } from '../../../src/config/env-file.ts';

it.each([
  ['A=1', { A: '1' }],
  ['A = 1 ', { A: '1' }],
  ['export A=1', { A: '1' }],
  ['A=', { A: '' }],
  ['A=""', { A: '' }],
  ['# comment\n\n  # another\nA=1\r\nB=2', { A: '1', B: '2' }],
  ['A=one two # why', { A: 'one two' }],
  ['A=one#two', { A: 'one#two' }],
  ['A=# why', { A: '' }],
  ["A='one # $two \\n'  # why", { A: 'one # $two \\n' }],
  ['A="one # \\"two\\" \\$x \\\\ \\n\\t"', { A: 'one # "two" $x \\ \n\t' }],
  ['A=a=b==', { A: 'a=b==' }],
  ['A=$HOME', { A: '$HOME' }],
  ['A=1\nA=2', { A: '2' }],
])('reads %j', (text, variables) => {
  expect(parseEnvFile(text, '.env')).toEqual(variables);
});

it('tells every wrong line at once, and no value', () => {
  const text = "A=\"hunter2\nB=1\nhunter3\n2C=hunter4\nD='hunter5' x";
  expect(() => parseEnvFile(text, '.env')).toThrow(
    expect.objectContaining({
      code: 'config_invalid',
      message:
        '.env: line 1: A: the quotes do not close\n.env: line 3: expected KEY=value\n.env: line 4: expected KEY=value\n.env: line 5: D: the quotes do not close',
    }),
  );
});

it('reads a file, its byte order mark skipped, and says when there is none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'env-'));
  try {
    await writeFile(join(directory, '.env'), '\ufeffVAULT_TOKEN=s.x\n');
    expect(await readEnvFile(join(directory, '.env'))).toEqual({ VAULT_TOKEN: 's.x' });
    await expect(readEnvFile(join(directory, 'none'))).rejects.toMatchObject({ code: 'config_unreadable', message: `${directory}/none: no such file` });
  } finally {
    await rm(directory, { recursive: true });
  }
});
