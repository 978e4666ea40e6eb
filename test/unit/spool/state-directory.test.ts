import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findStateDirectory } from '../../../src/spool/state-directory.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';

it('takes the configured one, and makes it for its own user only', async () => {
  const configured = join(await scratchDirectory(), 'a', 'b');
  expect(await findStateDirectory({ configured, env: { STATE_DIRECTORY: '/nowhere' }, homeDirectory: '/nowhere' })).toBe(configured);
  expect((await stat(configured)).mode & 0o777).toBe(0o700);
});

it.each(['', ':/nowhere'])('else takes what systemd says, the first of several: %j', async (more) => {
  const given = await scratchDirectory();
  expect(await findStateDirectory({ configured: undefined, env: { STATE_DIRECTORY: `${given}${more}` }, homeDirectory: '/nowhere' })).toBe(given);
});

it('falls back to no other place when the one named cannot be used', async () => {
  const base = await scratchDirectory();
  await writeFile(join(base, 'file'), '');
  const asked = findStateDirectory({ configured: join(base, 'file'), env: {}, homeDirectory: base });
  await expect(asked).rejects.toMatchObject({ code: 'spool_failed', message: `no directory for the spool: ${base}/file: not a directory (ENOTDIR)` });
});
