const POLYNOMIAL_HIGH = 0x9a6c9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;
const SLICES = 8;

interface Tables {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/** CRC-64/NVME, the checksum of a whole object that S3 keeps whatever its parts were. Eight bytes a step: Node has no such thing built in. */
export class Crc64 {
  readonly #tables = makeTables();
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(chunk: Uint8Array): void {
    const { high: tableHigh, low: tableLow } = this.#tables;
    let high = this.#high;
    let low = this.#low;
    let at = 0;
    for (; at + SLICES <= chunk.length; at += SLICES) {
      low ^= chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24);
      high ^= chunk[at + 4]! | (chunk[at + 5]! << 8) | (chunk[at + 6]! << 16) | (chunk[at + 7]! << 24);
      const a = 1792 + (low & 255);
      const b = 1536 + ((low >>> 8) & 255);
      const c = 1280 + ((low >>> 16) & 255);
      const d = 1024 + (low >>> 24);
      const e = 768 + (high & 255);
      const f = 512 + ((high >>> 8) & 255);
      const g = 256 + ((high >>> 16) & 255);
      const h = high >>> 24;
      high = tableHigh[a]! ^ tableHigh[b]! ^ tableHigh[c]! ^ tableHigh[d]! ^ tableHigh[e]! ^ tableHigh[f]! ^ tableHigh[g]! ^ tableHigh[h]!;
      low = tableLow[a]! ^ tableLow[b]! ^ tableLow[c]! ^ tableLow[d]! ^ tableLow[e]! ^ tableLow[f]! ^ tableLow[g]! ^ tableLow[h]!;
    }
    for (; at < chunk.length; at++) {
      const index = (low ^ chunk[at]!) & 255;
      low = ((low >>> 8) | (high << 24)) ^ tableLow[index]!;
      high = (high >>> 8) ^ tableHigh[index]!;
    }
    this.#high = high;
    this.#low = low;
  }

  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeUInt32BE(~this.#high >>> 0, 0);
    digest.writeUInt32BE(~this.#low >>> 0, 4);
    return digest;
  }
}

/** The first 256 entries are the usual table; each later slice is the one before it, one zero byte further on. */
function makeTables(): Tables {
  const high = new Uint32Array(SLICES * 256);
  const low = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let [h, l] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (l & 1) === 1;
      l = ((l >>> 1) | (h << 31)) ^ (isOdd ? POLYNOMIAL_LOW : 0);
      h = (h >>> 1) ^ (isOdd ? POLYNOMIAL_HIGH : 0);
    }
    high[byte] = h;
    low[byte] = l;
  }
  for (let at = 256; at < SLICES * 256; at++) {
    const [h, l] = [high[at - 256]!, low[at - 256]!];
    high[at] = (h >>> 8) ^ high[l & 255]!;
    low[at] = ((l >>> 8) | (h << 24)) ^ low[l & 255]!;
  }
  return { high, low };
}
