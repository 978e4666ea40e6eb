import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startEmpty } from '../fakes/vault/empty-vault.ts';
import { startHttpVault } from '../fakes/vault/http-vault.ts';
import { run, start } from './program.ts';
import { makeScene, tree } from './scene.ts';

it('lets one bootstrap at a time work on a server, and the next one in as soon as it is dead', async () => {
  const vault = await startEmpty();
  const asked = Promise.withResolvers<void>();
  // A peer that does not answer yet: what waits for it is at work.
  const peer = await startHttpVault(() => {
    asked.resolve();
    return { status: 503, json: { errors: [] } };
  });
  onTestFinished(() => peer.close());
  const { directory, state, config, configure } = await makeScene(vault.address, { roleId: 'r', secretId: 's' });
  const snapshots = join(directory, 'none');
  await mkdir(snapshots);
  await configure({ local_storage: { path: snapshots } });
  const args = ['bootstrap', '--config', config, '--if-no-snapshot', 'initialise-nothing'];
  const first = start([...args, '--peers', peer.address]);
  await asked.promise;

  const second = await run(args);
  expect(second.code).toBe(5);
  expect(second.stderr).toMatch(new RegExp(`another bootstrap is at work on it: process ${first.pid} of .*\\(bootstrap_running\\)`));
  // With another state directory nobody knows of the other.
  expect((await run([...args, '--state-dir', join(directory, 'other')])).code).toBe(0);

  first.signal('SIGKILL');
  await first.ended;
  expect((await run(args)).code).toBe(0);
  expect([await tree(state), vault.done]).toEqual([[], []]);
});
