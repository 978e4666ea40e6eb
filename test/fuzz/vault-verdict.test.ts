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
import { isThorough, runs } from './runs.ts';
import { type Spoil, spoil, spoilArchive } from './spoiled-archive.ts';
import { sha256, takeApart } from './tar-walk.ts';

const LIMIT_MS = 3_600_000;
const AT_ONCE = 3;
/** Each that the server takes is restored: a second or two. */
const RESTORES = isThorough ? 60 : 6;

/** Where we refuse what `inspect` takes, and why we do. */
const STRICTER: Readonly<Record<string, string>> = {
  'gzip header': 'no server writes optional fields or another method; whoever packed this anew was not one',
  'gzip end': 'inspect stops reading behind the tar: bytes after it, and a cut trailer, escape it',
  'gzip crc': 'read by us to the last byte',
  'gzip size': 'read by us to the last byte',
  'gzip data': 'damage behind the end of the tar, which inspect does not unpack',
  'tar header': 'a checksum, magic or number that Go forgives',
  'tar members': 'another order, another kind or a member that is there twice; inspect keeps the last of them',
  'tar padding': 'Go steps over what fills a block up',
  'tar end': 'Go takes the end of the file for the end of the tar',
  'member size': 'what the server itself would not read whole, or an empty seal file',
  'meta.json': 'fields Go fills with zeros where they are missing or of another kind',
  'state.bin size': 'inspect does not compare it with meta.json',
  'state.bin records': 'inspect reads keys and stops caring at the first it cannot read',
  SHA256SUMS: 'lines that Go reads as words, however they are spaced, ended or repeated',
};

interface Judged {
  readonly how: Spoil;
  readonly archive: Buffer;
  /** Undefined: proved. */
  readonly ours: string | undefined;
  readonly inspect: boolean;
}

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
  if (answer.status === 204) await until('the server to have restored it', async () => (await restored()) > before);
  return { status: answer.status, text };
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
    const counts = new Map<string, number>();
    for (const { ours, inspect } of judged) {
      const row = `${inspect ? 'inspect takes' : 'inspect refuses'}, ours: ${ours ?? 'proved'}`;
      counts.set(row, (counts.get(row) ?? 0) + 1);
    }
    if (isThorough)
      console.log(
        [...counts]
          .sort()
          .map(([row, count]) => `${count}\t${row}`)
          .join('\n'),
      );
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
      if (isThorough) console.log([...answers].map(([row, count]) => `${count}\t${row}`).join('\n'));
      expect(wrong).toEqual([]);
      expect(answers.get('sums as sealed: 204')).toBeGreaterThan(2);
    },
    LIMIT_MS,
  );
});
