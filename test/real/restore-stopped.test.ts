import { afterAll, beforeAll, describe, expect } from 'vitest';
import { itAlongside, onTestFinished } from '../fakes/test-end.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { start } from '../system/program.ts';
import { expectWhole, unfinishedIn } from '../system/scene.ts';
import { Gate } from './gate.ts';
import { has, makeRestoreScene, type Restored } from './restore-scene.ts';

const UPLOAD = 'POST sys/storage/raft/snapshot';
const LONGEST_LIFE_SECONDS = 2 * 3_600;
const ROLE_LIFE_SECONDS = 32 * 86_400;

const nth = (request: string, wanted: number) => (asked: readonly string[]) => asked.filter((one) => one === request).length === wanted;

/** There is no way back by then, and nothing to go back from. */
const BEFORE_SAFETY: readonly string[] = ['ask', 'ask, logged in', 'safety'];

/** What it is about to ask the server. Its login for the plan, that of the safety snapshot and that of the upload are three. */
const MOMENTS = {
  ask: nth('GET sys/seal-status', 1),
  'ask, logged in': nth('POST sys/capabilities-self', 1),
  safety: nth('GET sys/storage/raft/snapshot', 1),
  login: nth('POST auth/approle/login', 3),
  send: nth(UPLOAD, 1),
  apply: (asked: readonly string[]) => asked.includes(UPLOAD) && asked.at(-1) === 'GET sys/seal-status',
  look: nth('GET sys/ha-status', 1),
} as const;
type Moment = keyof typeof MOMENTS;

const CODES = { SIGTERM: 143, SIGINT: 130 } as const;

describe('a restore that is stopped', () => {
  let nodes: readonly VaultNode[];
  let free: VaultNode[];

  beforeAll(async () => {
    nodes = await Promise.all([startVault(), startVault(), startVault()]);
    for (const node of nodes) await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
    free = [...nodes];
  });

  afterAll(async () => {
    await Promise.all(nodes.map(removeVault));
  });

  /** There are as many as tests that run at once. */
  function takeNode(): VaultNode {
    const node = free.pop();
    if (node === undefined) throw new Error('more tests at once than servers');
    onTestFinished(() => void free.push(node));
    return node;
  }

  async function tokens(node: VaultNode): Promise<readonly string[]> {
    const { data } = (await node.request('LIST', 'auth/token/accessors', undefined, node.rootToken)).json;
    return (data as { readonly keys: readonly string[] }).keys;
  }

  /** The seconds that each of these tokens has left, of those that the restore itself has made. */
  async function livesOf(node: VaultNode, accessors: readonly string[]): Promise<readonly number[]> {
    const lives: number[] = [];
    for (const accessor of accessors) {
      const found = await node.request('PUT', 'auth/token/lookup-accessor', { accessor }, node.rootToken);
      const { meta, ttl } = (found.json.data ?? {}) as { readonly meta?: { readonly role_name?: string }; readonly ttl?: number };
      // That of the snapshot's taking comes back with the snapshot.
      if (meta?.role_name === 'restorer') lives.push(ttl ?? 0);
    }
    return lives;
  }

  /** Stops it right there, and tells how it ended. */
  async function stopAt(moment: Moment, signal: NodeJS.Signals) {
    const node = takeNode();
    const scene = await makeRestoreScene(node);
    const restorer = await appRole(node, { role: 'restorer', settings: { token_policies: ['restore'] } });
    await node.request('DELETE', 'app/later', undefined, node.rootToken);
    await scene.take();
    await node.write('app/later', { value: 'later' });
    const gate = await Gate.open(node.address);
    onTestFinished(() => gate.close());
    const { roleId: role_id, secretId: secret_id } = restorer;
    await scene.configure({ addr: gate.address, role_id, secret_id });
    const before = await tokens(node);
    const flags = ['--snapshot', 'latest', '--confirm', scene.clusterName];
    const reached = gate.stopWhen(MOMENTS[moment]);
    const program = start(['restore', '--config', scene.config, '--to', gate.address, '--json', ...flags]);
    const early = program.ended.then(({ stderr }) => Promise.reject(new Error(`ended before ${moment}: ${stderr}`)));
    await Promise.race([reached, early]);
    early.catch(() => undefined);
    program.signal(signal);
    const ended = await program.ended;
    expect(await unfinishedIn(scene.state)).toEqual([]);
    await expectWhole(scene.destination);
    const left = async () => {
      const after = await tokens(node);
      const fresh = after.filter((accessor) => !before.includes(accessor));
      return await livesOf(node, fresh);
    };
    return { node, ended, left, again: () => scene.restore(node.address, ...flags) };
  }

  async function killedAt(moment: Moment): Promise<void> {
    const { node, ended, again, left } = await stopAt(moment, 'SIGKILL');
    expect(ended.stderr.includes('restore: safety snapshot: /')).toBe(!BEFORE_SAFETY.includes(moment));
    // That of the safety snapshot lives as its role says, until the snapshot is there.
    for (const life of await left()) expect(life).toBeLessThanOrEqual(moment === 'safety' ? ROLE_LIFE_SECONDS : LONGEST_LIFE_SECONDS);
    const { told } = await again();
    expect(told, JSON.stringify(told)).toMatchObject({ exit_code: 0, proof: 'token' });
    expect(await has(node, 'app/later')).toBe(false);
    expect(await left()).toEqual([]);
  }

  async function stoppedAt(moment: Moment, signal: keyof typeof CODES): Promise<void> {
    const { node, ended, left } = await stopAt(moment, signal);
    expect(ended.code).toBe(CODES[signal]);
    const told = JSON.parse(ended.stdout) as Restored;
    // So small an archive has all gone out by then, and nobody has said what became of it.
    const isSent = ['send', 'apply', 'look'].includes(moment);
    expect(told.error?.advice).toContain(isSent ? 'do not send it again' : 'nothing was changed');
    expect(told.left_behind).toEqual(told.safety_snapshot === null ? [] : [`safety snapshot: ${told.safety_snapshot}`]);
    expect(told.safety_snapshot !== null).toBe(!BEFORE_SAFETY.includes(moment));
    if (moment !== 'apply' && moment !== 'look') expect(await has(node, 'app/later')).toBe(true);
    expect(await left()).toEqual([]);
  }

  for (const moment of Object.keys(MOMENTS) as Moment[]) {
    itAlongside(`is run again after a kill before "${moment}", has told the way back, and leaves no token that lives long`, () => killedAt(moment));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      itAlongside(`ends on ${signal} before "${moment}", names the way back, and takes its tokens with it`, () => stoppedAt(moment, signal));
    }
  }
});
