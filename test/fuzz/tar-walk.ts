import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { TarMember } from '../fakes/archive.ts';

const BLOCK = 512;

/**
 * Another reading of an archive than the verifier's: all of it in memory, and believing what it reads. Whatever the verifier proves must look whole to
 * this one too.
 */
export function takeApart(archive: Buffer): readonly TarMember[] {
  return walk(gunzipSync(archive));
}

export function walk(tar: Buffer): readonly TarMember[] {
  const members: TarMember[] = [];
  let paxSize: number | undefined;
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const field = (from: number, length: number) => tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = paxSize ?? Number.parseInt(field(124, 12), 8);
    const body = tar.subarray(at + BLOCK, at + BLOCK + size);
    paxSize = undefined;
    if (field(156, 1) === 'x') paxSize = Number(/\d+ size=(\d+)\n/.exec(body.toString())?.[1] ?? Number.NaN) || undefined;
    else members.push({ name: field(0, 100), body });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Sums and size made right again after a change of meta.json or state.bin, as whoever forges an archive would. */
export function madeRight(members: readonly TarMember[]): readonly TarMember[] {
  const state = members.find(({ name }) => name === 'state.bin')?.body ?? Buffer.alloc(0);
  const meta = Buffer.from(
    (members.find(({ name }) => name === 'meta.json')?.body ?? Buffer.alloc(0)).toString('latin1').replace(/"Size":\d+/, `"Size":${state.length}`),
    'latin1',
  );
  const sums = Buffer.from(`${sha256(meta)}  meta.json\n${sha256(state)}  state.bin\n`);
  const right: Readonly<Record<string, Buffer>> = { 'meta.json': meta, SHA256SUMS: sums };
  return members.map((member) => ({ ...member, body: right[member.name] ?? member.body }));
}
