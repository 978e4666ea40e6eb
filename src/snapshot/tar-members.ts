import { corrupt } from './archive-checks.ts';

const BLOCK = 512;
const PAX_LIMIT = 8192;

/** What the members are handed to, in the order of the archive; what it throws ends the reading. */
export interface MemberSink {
  begin(name: string, size: number): void;
  body(bytes: Buffer): void;
  end(): void;
}

/** Reads a tar of plain files as its bytes come, and takes nothing for granted: checksums, padding, the end. */
export class TarMembers {
  readonly #sink: MemberSink;
  readonly #block = Buffer.alloc(BLOCK);
  #blockFilled = 0;
  #bodyLeft = 0;
  #paddingLeft = 0;
  #zeroBlocks = 0;
  #isPaxBody = false;
  #paxBody = Buffer.alloc(0);
  #pax: ReadonlyMap<string, string> = new Map();

  constructor(sink: MemberSink) {
    this.#sink = sink;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#bodyLeft > 0) at += this.#takeBody(bytes.subarray(at, at + this.#bodyLeft));
      else if (this.#paddingLeft > 0) at += this.#takePadding(bytes.subarray(at, at + this.#paddingLeft));
      else at += this.#takeHeader(bytes.subarray(at, at + BLOCK - this.#blockFilled));
    }
  }

  finish(): void {
    if (this.#bodyLeft > 0) throw corrupt('tar end', 'the whole member', `an end ${this.#bodyLeft} bytes before`);
    if (this.#zeroBlocks !== 2 || this.#blockFilled > 0) throw corrupt('tar end', 'two zero blocks', `${this.#zeroBlocks} and ${this.#blockFilled} bytes`);
  }

  #takeBody(bytes: Buffer): number {
    this.#bodyLeft -= bytes.length;
    if (this.#isPaxBody) this.#paxBody = Buffer.concat([this.#paxBody, bytes]);
    else this.#sink.body(bytes);
    if (this.#bodyLeft === 0) this.#endBody();
    return bytes.length;
  }

  #endBody(): void {
    if (this.#isPaxBody) this.#pax = paxRecords(this.#paxBody);
    else this.#sink.end();
    this.#isPaxBody = false;
  }

  #takePadding(bytes: Buffer): number {
    this.#paddingLeft -= bytes.length;
    if (!isZero(bytes)) throw corrupt('tar padding', 'zeros', 'other bytes');
    return bytes.length;
  }

  #takeHeader(bytes: Buffer): number {
    bytes.copy(this.#block, this.#blockFilled);
    this.#blockFilled += bytes.length;
    if (this.#blockFilled < BLOCK) return bytes.length;
    this.#blockFilled = 0;
    if (isZero(this.#block)) this.#zeroBlocks += 1;
    else this.#begin(this.#block);
    return bytes.length;
  }

  #begin(header: Buffer): void {
    if (this.#zeroBlocks > 0) throw corrupt('tar end', 'two zero blocks and nothing more', 'other bytes');
    checkHeader(header);
    const type = String.fromCharCode(header[156]!);
    if (type === 'x' && this.#pax.size === 0) this.#beginPax(octal(header, 124, 12));
    else this.#beginFile(header, type);
  }

  #beginFile(header: Buffer, type: string): void {
    const name = this.#pax.get('path') ?? [text(header, 345, 155), text(header, 0, 100)].filter((part) => part !== '').join('/');
    if (type !== '0') throw corrupt('tar members', 'regular files', `${JSON.stringify(name)} of type ${JSON.stringify(type)}`);
    // Go writes files of 8 GiB and more with zeros here, and the true size in front.
    const paxSize = this.#pax.get('size');
    const size = paxSize === undefined ? octal(header, 124, 12) : decimal(paxSize);
    this.#pax = new Map();
    this.#expect(size);
    this.#sink.begin(name, size);
    if (size === 0) this.#sink.end();
  }

  #beginPax(size: number): void {
    if (size === 0 || size > PAX_LIMIT) throw corrupt('tar header', `a PAX header of 1 to ${PAX_LIMIT} bytes`, `${size}`);
    this.#expect(size);
    this.#isPaxBody = true;
    this.#paxBody = Buffer.alloc(0);
  }

  #expect(size: number): void {
    this.#bodyLeft = size;
    this.#paddingLeft = (BLOCK - (size % BLOCK)) % BLOCK;
  }
}

function checkHeader(header: Buffer): void {
  const told = octal(header, 148, 8);
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += header[at]!;
  if (told !== sum) throw corrupt('tar header', `checksum ${told}`, `${sum}`);
  const magic = header.toString('latin1', 257, 265);
  if (magic !== 'ustar\u000000') throw corrupt('tar header', '"ustar" version 00', JSON.stringify(magic));
}

/** Records `<length> <key>=<value>\n`, of which only path and size matter here; others (times, owners) may stand there. */
function paxRecords(body: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < body.length; ) {
    const record = /^(\d{1,4}) ([^=]+)=/.exec(body.toString('latin1', at, at + 256));
    const length = Number(record?.[1]);
    const end = at + length;
    if (!record || length <= record[0].length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');
    records.set(record[2]!, body.toString('utf8', at + record[0].length, end - 1));
    at = end;
  }
  return records;
}

function octal(header: Buffer, at: number, length: number): number {
  const field = text(header, at, length).trim();
  if (!/^[0-7]+$/.test(field)) throw corrupt('tar header', 'octal numbers', JSON.stringify(field));
  return Number.parseInt(field, 8);
}

function decimal(digits: string): number {
  if (/^\d+$/.test(digits) && Number.isSafeInteger(Number(digits))) return Number(digits);
  throw corrupt('tar header', 'a size in digits', JSON.stringify(digits));
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.toString('latin1', at, at + length);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
