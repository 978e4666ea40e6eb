import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArchiveFault } from '../../src/snapshot/archive-checks.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';
import { ROOT } from '../unit/source-tree.ts';
import { isThorough, runs } from './runs.ts';
import { type Spoil, spoil, spoilArchive } from './spoiled-archive.ts';
import { sha256, takeApart } from './tar-walk.ts';
import { type Judged, renderVerdicts, STRICTER } from './verdict-page.ts';

const LIMIT_MS = 3_600_000;
const AT_ONCE = 3;
/** Each that the server takes is restored: a second or two. */
const RESTORES = isThorough ? 60 : 6;

let vault: VaultNode;
let scratch: string;
let original: Buffer;
const judged: Judged[] = [];

beforeAll(async () => {
  [vault, scratch] = await Promise.all([startVault(), mkdtemp(join(tmpdir(), 'verdict-'))]);
  await fill(vault, 20_000);
  const answer = await fetch(`${vault.address}/v1/sys/storage/raft/snapshot`, { headers: { 'X-Vault-Token': vault.rootToken } });
  original = Buffer.from(await answer.arrayBuffer());
  const cases = fc.sample(spoil, runs(150));
  await Promise.all(Array.from({ length: AT_ONCE }, (_, nth) => judge(cases, nth)));
}, LIMIT_MS);

afterAll(async () => {
  await Promise.all([removeVault(vault), rm(scratch, { recursive: true, force: true })]);
});

async function judge(cases: Spoil[], nth: number): Promise<void> {
  const file = join(scratch, `spoiled-${nth}.snap`);
  for (let how = cases.pop(); how !== undefined; how = cases.pop()) {
    const archive = spoilArchive(original, how);
    await writeFile(file, archive);
    const ours = await verifyArchive(archive).then(
      () => undefined,
      (error: unknown) => (error instanceof ArchiveFault ? error.check : `threw ${String(error)}`),
    );
    judged.push({ how, archive, ours, inspect: await inspects(file) });
  }
}

function inspects(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(vault.settings.binary, ['operator', 'raft', 'snapshot', 'inspect', file], { maxBuffer: 2 ** 26, timeout: 60_000 }, (error) => resolve(!error));
  });
}

/** The server's answer, once it has restored what it took: it says so in its log alone, and a second restore on top of the first one hangs it. */
async function send(archive: Buffer): Promise<{ readonly status: number; readonly text: string }> {
  const restored = async () => (await readFile(vault.logFile, 'utf8')).split('post-unseal setup complete').length;
  const before = await restored();
  const answer = await fetch(`${vault.address}/v1/sys/storage/raft/snapshot`, {
    method: 'POST',
    headers: { 'X-Vault-Token': vault.rootToken },
    body: new Uint8Array(archive),
  });
  const text = await answer.text();
  if (answer.status === 204) await until('the server to have restored it', async () => (await restored()) > before).catch(startAnew);
  return { status: answer.status, text };
}

/** Restored often enough, a server that took an archive may stand still: nothing the archive could have told. */
async function startAnew(): Promise<void> {
  await vault.kill();
  await vault.start();
  await vault.unseal();
}

/** Its sums are others than those the server has sealed: whoever made it has forged it, and only the server's keys can tell. */
function isForged({ archive }: Judged): boolean {
  const sums = (of: Buffer) => takeApart(of).find(({ name }) => name === 'SHA256SUMS')?.body ?? Buffer.alloc(0);
  const lines = (of: Buffer) => sums(of).toString().trimEnd().split('\n').sort().join('\n');
  return lines(archive) !== lines(original) || sealOf(archive) !== sealOf(original);
}

function sealOf(archive: Buffer): string {
  return sha256(takeApart(archive).find(({ name }) => name === 'SHA256SUMS.sealed')?.body ?? Buffer.alloc(0));
}

/** The first of each layer, then the second of each: whatever is asked for few, all are among them. */
function spread(all: readonly Judged[]): readonly Judged[] {
  const seen = new Map<string, number>();
  const turns = all.map((one) => {
    const layer = `${one.how.layer} ${isForged(one)}`;
    seen.set(layer, (seen.get(layer) ?? 0) + 1);
    return { one, turn: seen.get(layer) ?? 0 };
  });
  return turns.toSorted((a, b) => a.turn - b.turn).map(({ one }) => one);
}

describe('an archive of a real Vault, spoiled', () => {
  it('is proved as it came', async () => {
    await expect(verifyArchive(original)).resolves.toMatchObject({ suspicious: [] });
  });

  it('is never proved where `vault operator raft snapshot inspect` refuses it', () => {
    expect(judged.filter(({ ours, inspect }) => ours === undefined && !inspect).map(({ how }) => how)).toEqual([]);
  });

  it('is refused where inspect takes it for a reason we can name', () => {
    const stricter = judged.filter(({ ours, inspect }) => ours !== undefined && inspect);
    expect(stricter.filter(({ ours }) => !(ours! in STRICTER)).map(({ how, ours }) => ({ ours, how }))).toEqual([]);
  });

  it(
    'is taken by the server when it is proved, unless the seal of its sums says that it is forged',
    async () => {
      const proved = judged.filter(({ ours }) => ours === undefined);
      const answers = new Map<string, number>();
      const wrong: unknown[] = [];
      for (const one of spread(proved).slice(0, RESTORES)) {
        const forged = isForged(one);
        const { status, text } = await send(one.archive);
        const row = `${forged ? 'forged' : 'sums as sealed'}: ${status}`;
        answers.set(row, (answers.get(row) ?? 0) + 1);
        if (status !== 204 && !forged) wrong.push({ how: one.how, status, text });
      }
      if (isThorough) await writeFile(join(ROOT, 'docs/archive-verdicts.md'), renderVerdicts(judged, answers, new Date().toISOString().slice(0, 10)));
      expect(wrong).toEqual([]);
      expect(answers.get('sums as sealed: 204')).toBeGreaterThan(2);
    },
    LIMIT_MS,
  );
});
