import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Composed, compose, type Kept } from '../../src/compose.ts';
import { loadConfig } from '../../src/config/load.ts';
import { FakeHost } from '../fakes/fake-host.ts';
import { scratchDirectory } from '../fakes/scratch.ts';

const NEVER = new AbortController().signal;

/** One place and a Vault where nobody listens. */
async function aSetting() {
  const directory = await scratchDirectory();
  const state = join(directory, 'state');
  const host = new FakeHost({});
  const open = async (changes: object = {}, kept?: Kept): Promise<Composed> => {
    const path = join(directory, 'snapshot.json');
    const local = [{ name: 'disk', path: join(directory, 'disk') }];
    const config = { addr: 'http://127.0.0.1:1', spool_path: state, token: 'not a secret', local_storage: local, ...changes };
    await writeFile(path, JSON.stringify(config), { mode: 0o600 });
    const composed = await compose((await loadConfig({ path, env: {} })).config, host, undefined, kept);
    onTestFinished(() => composed.close());
    return composed;
  };
  return { directory, state, host, open };
}

describe('what happened', () => {
  it('is remembered over a restart, counters apart', async () => {
    const { open, state } = await aSetting();
    const first = await open();
    await first.agent.once(NEVER);
    await first.close();
    expect((await readdir(state)).filter((name) => name.startsWith('history-'))).toHaveLength(1);
    const before = first.ledger.view();
    expect(before).toMatchObject({ isReachable: false, history: [{ outcome: 'failed', trouble: { code: 'vault_unreachable' } }] });
    const after = (await open()).ledger.view();
    expect(after.history).toEqual(before.history);
    expect(after.schedules[0]).toMatchObject({ failures: 0, lastSuccessAt: undefined });
  });

  it('is remembered over a new configuration, counters included', async () => {
    const { open, directory } = await aSetting();
    const first = await open();
    await first.agent.once(NEVER);
    const second = await open({ local_storage: [{ name: 'other', path: join(directory, 'other') }], frequency: '5m' }, first);
    await first.close();
    await second.agent.once(NEVER);
    const view = second.ledger.view();
    expect(view.history).toHaveLength(2);
    expect(view.schedules).toMatchObject([{ name: 'default', failures: 2, intervalMs: 300_000 }]);
    expect(view.destinations).toMatchObject([{ name: 'other', location: join(directory, 'other') }]);
    expect(second.program).toBe(first.program);
  });

  it('is none of another cluster in the same state directory', async () => {
    const { open } = await aSetting();
    const first = await open();
    await first.agent.once(NEVER);
    await first.close();
    expect((await open({ addr: 'http://127.0.0.1:2' })).ledger.view().history).toEqual([]);
  });

  it('is told to whoever listens', async () => {
    const { open } = await aSetting();
    const composed = await open();
    const heard: string[] = [];
    composed.listen(({ kind }) => heard.push(kind));
    await composed.agent.once(NEVER);
    expect(heard).toEqual(['leadership_unknown', 'round_ended']);
  });
});

describe('the view of the program', () => {
  it('says what runs where, and how the last reload went', async () => {
    const { open, directory } = await aSetting();
    const { program } = await open();
    const { startedAt } = program.view();
    expect(program.view()).toMatchObject({ host: 'vault-0', nodeVersion: '24.0.0', configPath: join(directory, 'snapshot.json'), isLastReloadGood: true });
    program.reloadRefused();
    expect(program.view()).toMatchObject({ isLastReloadGood: false, lastGoodReloadAt: startedAt });
    const later = new Date('2026-03-01T12:00:00Z');
    program.reloaded(later);
    expect(program.view()).toMatchObject({ isLastReloadGood: true, lastGoodReloadAt: later, startedAt });
  });
});
