import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebReceiver } from '../fakes/web-receiver.ts';
import { serverBinary, VAULT } from '../servers/binaries.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { run, start } from '../system/program.ts';
import { type DrillScene, fillSource, makeDrillScene, nothingLeft, processesIn } from './drill-scene.ts';
import { READABLE_LOG } from './told.ts';

const EVERY_SECOND = '* * * * * *';

interface Status {
  readonly last_drill_at: string | null;
  readonly last_drill_error: { readonly code: string } | null;
}

describe('a daemon that drills', () => {
  let source: VaultNode;

  beforeAll(async () => {
    source = await startVault({ nodeId: 'first', shares: 3, threshold: 2 });
    await fillSource(source);
  });

  afterAll(async () => {
    if (source) await removeVault(source);
  });

  const statusOf = async ({ config }: DrillScene) => {
    const { stdout } = await run(['status', '--json', '--config', config]);
    return (JSON.parse(stdout) as { readonly clusters: readonly Status[] }).clusters[0];
  };

  it('shows that the newest snapshot is taken in, and tells of one that is not', async () => {
    const web = await WebReceiver.start();
    const scene = await makeDrillScene(source, {
      ...READABLE_LOG,
      drill_schedule: EVERY_SECOND,
      drill: { binary: await serverBinary(VAULT), ping_url: `${web.address}/check` },
    });
    const program = start(['--config', scene.config]);
    const done = JSON.parse(await program.line(/"event":"drill_done"/)) as { readonly level: string };
    expect(done.level).toBe('installed');
    await web.until(1);
    expect((await statusOf(scene))?.last_drill_at).not.toBeNull();
    const [name = ''] = (await readdir(scene.destination)).filter((file) => file.endsWith('.snap'));
    await writeFile(join(scene.destination, name), 'damaged');
    const failed = JSON.parse(await program.line(/"event":"drill_failed"/)) as { readonly code: string };
    expect(failed.code).toBe('archive_corrupt');
    // One that had read the snapshot before it was damaged may have come to its good end in between.
    await until('the ping of the failed one', async () => web.lines.includes('POST /check/fail'));
    expect(web.lines[0]).toBe('POST /check');
    expect(await statusOf(scene)).toMatchObject({ last_drill_error: { code: 'archive_corrupt' } });
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
    await nothingLeft(scene.state);
  });

  it('leaves nothing when it is stopped in the middle of one', async () => {
    const scene = await makeDrillScene(source, { drill_schedule: EVERY_SECOND, drill: { binary: await serverBinary(VAULT) } });
    const program = start(['--config', scene.config]);
    await until('a drill to be under way', async () => (await processesIn(scene.state)).length > 0);
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
    await nothingLeft(scene.state);
  });

  it('knows of the drill of a timer, which may open what it may not', async () => {
    const scene = await makeDrillScene(source, { frequency: '3s' });
    await scene.take();
    expect((await (await scene.host(source.keys)).drill()).told.exit_code).toBe(0);
    const program = start(['--config', scene.config]);
    await until('the daemon to have seen the record', async () => typeof (await statusOf(scene))?.last_drill_at === 'string');
    program.signal('SIGTERM');
    await program.ended;
  });

  it('knows, also after a restart, of the drill of a timer that failed, and list and status say why', async () => {
    const scene = await makeDrillScene(source, { frequency: '3s' });
    const name = await scene.take();
    const withoutShares = await scene.host([]);
    expect((await withoutShares.drill(['--no-record'])).told.exit_code).toBe(11);
    expect(await recordsOf(scene, name)).toEqual([]);
    expect((await withoutShares.drill()).told.exit_code).toBe(11);
    expect(await recordsOf(scene, name)).toEqual([expect.stringMatching(/\.failed-\d{8}T\d{6}Z\.json$/)]);
    for (const turn of [1, 2]) {
      const program = start(['--config', scene.config]);
      await until(`start ${turn} to have seen the record`, async () => (await statusOf(scene))?.last_drill_error?.code === 'level_installed');
      expect((await statusOf(scene))?.last_drill_at).toBeNull();
      program.signal('SIGTERM');
      await program.ended;
    }
    const listed = await run(['list', '--config', scene.config]);
    expect(listed.stdout).toMatch(/\^ restore drill of the copy at local, ended at level installed: failed .* ago: .* \(level_installed\)/);
    expect(listed.stdout).not.toContain('damaged');
  });

  const recordsOf = async ({ destination }: DrillScene, name: string) =>
    (await readdir(join(destination, 'manifests'))).filter((file) => file.startsWith(`${name}.`) && file !== `${name}.json`);

  it('does not hold shares, whatever it is to drill', async () => {
    const scene = await makeDrillScene(source, { drill_schedule: EVERY_SECOND, recovery: { shares: [{ file: '/nowhere' }] } });
    const ended = await run(['--config', scene.config]);
    expect(ended.code).toBe(78);
    expect(ended.stderr).toContain('recovery.shares: must not stand in the configuration of the daemon');
  });
});
