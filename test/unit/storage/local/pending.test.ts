import { expect, it } from 'vitest';
import { syncDirectory } from '../../../../src/storage/local/pending.ts';

it('does not insist on a sync where directories cannot have one', async () => {
  await expect(syncDirectory('/proc')).resolves.toBeUndefined();
  await expect(syncDirectory('/proc/missing')).rejects.toMatchObject({ code: 'ENOENT' });
});
