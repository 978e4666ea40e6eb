import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeImmutable } from '../../fakes/scratch.ts';
import { bootstrapScene } from './bootstrap-scene.ts';

describe('cleaning', () => {
  /** A server that was initialised, got nothing and is down, and a data directory for it. */
  async function cutOff() {
    const scene = await bootstrapScene({ fault: { at: 'upload', by: 400 } });
    await scene.put(1);
    const data = join(scene.home, 'data');
    await mkdir(join(data, 'raft', 'snapshots'), { recursive: true });
    for (const name of ['vault.db', 'node-id', 'lost']) await writeFile(join(data, name), 'x');
    const clean = async () => (await scene.bootstrap('--clean', '--data-dir', data)).told;
    return { ...scene, data, clean };
  }

  it('takes a cluster away only where a bootstrap was cut off before it sent, and the server is down', async () => {
    const { data, vault, bootstrap, phase, clean } = await cutOff();
    expect(await clean()).toMatchObject({ exit_code: 0, reason: 'nothing_to_clean' });
    await bootstrap();
    // Such a name lies in clear in the database, wherever a page begins.
    await writeFile(join(data, 'vault.db'), `${'x'.repeat(65_530)}${vault.policies[0]}`);
    expect(await clean()).toMatchObject({ exit_code: 5, reason: null, error: { code: 'refused' } });
    expect(await readdir(data)).toEqual(expect.arrayContaining(['raft', 'vault.db']));
    vault.stop();
    expect(await clean()).toMatchObject({ exit_code: 0, reason: 'cleaned' });
    expect((await readdir(data)).sort()).toEqual(['lost', 'node-id']);
    expect(await phase()).toBeUndefined();
  });

  it('takes nothing away that does not bear its sign', async () => {
    const { data, vault, bootstrap, phase, clean } = await cutOff();
    await bootstrap();
    vault.stop();
    await writeFile(join(data, 'vault.db'), 'what people have initialised since');
    const { error, ...told } = await clean();
    expect(told).toMatchObject({ exit_code: 5, stage: 'clean', reason: null });
    expect(error?.code).toBe('refused');
    expect(error?.message).toContain(`${join(data, 'vault.db')}: does not show the sign`);
    expect(error?.advice).toContain('nothing was removed');
    expect((await readdir(data)).sort()).toEqual(['lost', 'node-id', 'raft', 'vault.db']);
    expect(await phase()).toBe('initialised');
  });

  it('takes what bears the sign last, to find it again where it was stopped half-way', async () => {
    const { data, vault, bootstrap, phase, clean } = await cutOff();
    await bootstrap();
    vault.stop();
    await writeFile(join(data, 'vault.db'), `${vault.policies[0]}`);
    await makeImmutable(join(data, 'raft'));
    expect(await clean()).toMatchObject({ exit_code: 1, error: { code: 'failed' } });
    expect([await readdir(data), await phase()]).toEqual([expect.arrayContaining(['vault.db']), 'initialised']);
  });

  it('keeps its note where the directory is another one, or empty by now', async () => {
    const { home, data, vault, bootstrap, phase, clean } = await cutOff();
    await bootstrap();
    vault.stop();
    expect((await bootstrap('--clean', '--data-dir', join(home, 'other'))).told).toMatchObject({ exit_code: 1, error: { code: 'failed' } });
    await rm(join(data, 'vault.db'));
    expect(await clean()).toMatchObject({ exit_code: 0, reason: 'nothing_to_clean' });
    expect(await readdir(data)).toContain('raft');
    expect(await phase()).toBe('initialised');
  });

  it('takes nothing away that people may have initialised since', async () => {
    const { home, vault, put, bootstrap } = await bootstrapScene({ fault: { at: 'init', by: 'hang-up-after' } });
    await put(1);
    await bootstrap();
    const { error } = (await bootstrap()).told;
    expect(error).toMatchObject({ code: 'half_done' });
    expect(error?.message).toContain('nobody tells who has initialised');
    expect(error?.advice).not.toContain('--clean');
    vault.stop();
    const data = join(home, 'data');
    await mkdir(data);
    await writeFile(join(data, 'vault.db'), 'of people');
    expect((await bootstrap('--clean', '--data-dir', data)).told).toMatchObject({ exit_code: 0, reason: 'nothing_to_clean' });
    expect(await readdir(data)).toEqual(['vault.db']);
  });
});
