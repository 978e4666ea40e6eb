import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export interface StateEntry {
  readonly key: string;
  readonly value: Uint8Array | string;
  readonly isSealWrapped?: boolean;
}

export interface TarMember {
  readonly name: string;
  readonly body: Buffer;
  /** Size the header tells, if another than the body's. */
  readonly size?: number;
  readonly type?: string;
  /** Size and path in a PAX header in front, as Go writes members of 8 GiB and more. */
  readonly isPax?: boolean;
  readonly hasWrongChecksum?: boolean;
}

export interface ArchiveOptions {
  readonly index?: bigint;
  readonly term?: bigint;
  readonly servers?: readonly { readonly id: string; readonly suffrage: number }[];
  /** Entries of state.bin; left out, those of a small initialised Vault. */
  readonly entries?: readonly StateEntry[];
  /** state.bin as it is, in place of entries. */
  readonly state?: Buffer;
  /** Random bytes under secret/, besides: as many as make state.bin about this long. */
  readonly padStateTo?: number;
  /** meta.json as it is. */
  readonly metaText?: string;
  readonly metaSize?: number;
  readonly sumsText?: string;
  readonly sealed?: Buffer;
  /** Spoils the list of members after everything in them fits together. */
  readonly members?: (whole: readonly TarMember[]) => readonly TarMember[];
  /** What follows the last member; left out, the two zero blocks. */
  readonly tarEnd?: Buffer;
  /** 0 stores, as OpenBao 2.6 does. */
  readonly level?: number;
  /** Spoils the finished bytes. */
  readonly after?: (gzip: Buffer) => Buffer;
}

/** A whole archive as Vault sends it, or one spoiled in exactly one way. */
export function buildArchive(options: ArchiveOptions = {}): Buffer {
  const tar = Buffer.concat([...archiveMembers(options).map(tarMember), options.tarEnd ?? Buffer.alloc(1024)]);
  const gzip = gzipSync(tar, { level: options.level ?? 6 });
  gzip[9] = 0xff; // Go does not tell its operating system.
  return options.after ? options.after(gzip) : gzip;
}

export function archiveMembers(options: ArchiveOptions = {}): readonly TarMember[] {
  const state = options.state ?? stateRecords([...(options.entries ?? initialisedVault()), ...padding(options.padStateTo ?? 0)]);
  const meta = Buffer.from(options.metaText ?? metaText(options, state.length));
  const sums = options.sumsText ?? `${sha256(state)}  state.bin\n${sha256(meta)}  meta.json\n`;
  const whole = [
    { name: 'meta.json', body: meta },
    { name: 'state.bin', body: state },
    { name: 'SHA256SUMS', body: Buffer.from(sums) },
    { name: 'SHA256SUMS.sealed', body: options.sealed ?? Buffer.alloc(180, 0x5e) },
  ];
  return options.members ? options.members(whole) : whole;
}

/** The keys a Vault has from its first minute, in the order of its database. */
export function initialisedVault(): readonly StateEntry[] {
  const sealConfig = { type: 'shamir', secret_shares: 1, secret_threshold: 1, pgp_keys: null, nonce: '', backup: false, stored_shares: 1 };
  return [
    { key: 'core/audit', value: 'audit' },
    { key: 'core/auth', value: 'auth' },
    { key: 'core/cluster/local/info', value: '{"name":"vault-cluster-1"}' },
    { key: 'core/hsm/barrier-unseal-keys', value: 'the unseal keys, wrapped' },
    { key: 'core/keyring', value: 'keyring' },
    { key: 'core/local-mounts', value: 'local mounts' },
    { key: 'core/mounts', value: 'mounts' },
    { key: 'core/seal-config', value: JSON.stringify(sealConfig) },
    { key: 'logical/00000000-0000-0000-0000-000000000000/casesensitivity', value: Buffer.from([0, 1, 2]), isSealWrapped: true },
  ];
}

/** state.bin: each record its length, then a protobuf of key, value and seal_wrap. */
export function stateRecords(entries: readonly StateEntry[]): Buffer {
  return Buffer.concat(
    entries.map(({ key, value, isSealWrapped }) => {
      const fields = [field(0x0a, Buffer.from(key)), value.length > 0 ? field(0x12, Buffer.from(value)) : Buffer.alloc(0)];
      const record = Buffer.concat([...fields, Buffer.from(isSealWrapped ? [0x18, 1] : [])]);
      return Buffer.concat([varint(record.length), record]);
    }),
  );
}

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function field(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), varint(body.length), body]);
}

function padding(total: number): StateEntry[] {
  const entries: StateEntry[] = [];
  for (let left = total; left > 0; left -= 800_000) {
    const name = String(entries.length).padStart(8, '0');
    entries.push({ key: `logical/11111111-1111-1111-1111-111111111111/pad-${name}`, value: noise(Math.min(left, 800_000), entries.length) });
  }
  return entries;
}

/** The same bytes for the same seed, and as hard to compress as ciphertext. */
function noise(length: number, seed: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, block) => createHash('sha256').update(`${seed}/${block}`).digest());
  return Buffer.concat(blocks, length);
}

// Written by hand, for JSON.stringify cannot write a bigint.
function metaText(options: ArchiveOptions, stateBytes: number): string {
  const servers = (options.servers ?? [{ id: 'node1', suffrage: 0 }]).map(({ id, suffrage }) => ({ Suffrage: suffrage, ID: id, Address: `${id}:8201` }));
  const rest = `"Peers":null,"Configuration":${JSON.stringify({ Servers: servers })},"ConfigurationIndex":1,"Size":${options.metaSize ?? stateBytes}`;
  return `{"Version":1,"ID":"bolt-snapshot","Index":${options.index ?? 42n},"Term":${options.term ?? 3n},${rest}}\n`;
}

function tarMember(member: TarMember): Buffer {
  const { name, body, type = '0', isPax = false } = member;
  const size = member.size ?? body.length;
  const parts: Buffer[] = [];
  if (isPax) {
    const records = Buffer.from(paxRecord('path', name) + paxRecord('size', String(size)));
    parts.push(tarHeader(`PaxHeaders.0/${name}`, records.length, 'x', false), padded(records));
  }
  parts.push(tarHeader(name, isPax ? 0 : size, type, member.hasWrongChecksum ?? false), padded(body));
  return Buffer.concat(parts);
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return `${length}${rest}`;
}

function tarHeader(name: string, size: number, type: string, hasWrongChecksum: boolean): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('15000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, hasWrongChecksum ? 1 : 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function padded(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
