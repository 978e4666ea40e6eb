import { createHash } from 'node:crypto';
import { SnapshotError } from '../../errors.ts';
import type { Pending, StoredObject } from '../contract.ts';
import type { ObjectKey } from '../key.ts';
import { type PartBudget, PartWriter } from '../part-writer.ts';
import { type Answer, nonsense, parseJson } from './errors.ts';
import { generationOf, readObject } from './listing.ts';
import { type Transport, throwIfAborted } from './transport.ts';

export interface Session {
  readonly transport: Transport;
  readonly key: ObjectKey;
  readonly place: string;
  /** Path and query of the session. Whoever knows it may write: it stands in no message. */
  readonly path: string;
  readonly budget: PartBudget;
}

/** 499 is Google's word for "cancelled, as you asked"; a session that is not there needs no end. */
const SESSION_GONE: readonly number[] = [200, 204, 404, 410, 499];

/** Google keeps sessions apart from objects: nothing is there before the request that names the size of the whole. */
export class GcsPending implements Pending {
  readonly #session: Session;
  readonly #signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #writer: PartWriter;
  readonly #md5 = createHash('md5');
  #size = 0;
  /** Bytes Google has told us it has. */
  #stored = 0;
  #lastSend: Promise<void> = Promise.resolve();
  #isEnding = false;
  #rest: Buffer = Buffer.alloc(0);
  #state: 'open' | 'broken' | 'ended' = 'open';

  constructor(session: Session, signal: AbortSignal) {
    this.#session = session;
    this.#signal = signal;
    const stopping = AbortSignal.any([signal, this.#stop.signal]);
    this.#writer = new PartWriter({
      sizeGuess: 0,
      // One is on its way while the next is filled.
      concurrency: 2,
      budget: session.budget,
      signal: stopping,
      send: (part) => this.#enqueue(part, stopping),
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#enter();
    this.#size += chunk.length;
    this.#md5.update(chunk);
    await this.#writer.write(chunk);
    this.#state = 'open';
  }

  async commit(): Promise<StoredObject> {
    this.#enter();
    const { key, place } = this.#session;
    const md5 = this.#md5.digest();
    this.#isEnding = true;
    await this.#writer.end();
    // Google refuses the end when its own sum of all bytes is another.
    const answer = await this.#put(this.#rest, { total: this.#size, md5: md5.toString('base64') }, this.#signal);
    if (answer === undefined) throw nonsense(place, 'the upload has no end');
    this.#state = 'ended';
    const json = parseJson(answer.text);
    return { ...readObject(key, json, place), size: this.#size, checksum: `md5:${md5.toString('hex')}`, ...generationOf(json) };
  }

  async abort(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'broken';
    const { transport, place, path } = this.#session;
    this.#stop.abort(this.#hasEnded());
    await this.#writer.settle();
    const call = { method: 'DELETE', path, place } as const;
    const answer = await transport.ask(call, new AbortController().signal);
    if (!SESSION_GONE.includes(answer.status)) throw transport.refuse(call, answer);
    this.#state = 'ended';
  }

  /** Broken until the step has gone well: after a failed write nothing may be written or committed. */
  #enter(): void {
    throwIfAborted(this.#signal);
    if (this.#state !== 'open') throw this.#hasEnded();
    this.#state = 'broken';
  }

  #hasEnded(): SnapshotError {
    return new SnapshotError('storage_failed', `gcs: ${this.#session.place}: this upload has failed or ended`);
  }

  /** A session takes its bytes in their order. The part that is left at the end goes with the end. */
  #enqueue(part: Buffer, signal: AbortSignal): Promise<void> {
    if (this.#isEnding) {
      this.#rest = part;
      return Promise.resolve();
    }
    const sent = this.#lastSend.then(async () => {
      const answer = await this.#put(part, undefined, signal);
      if (answer !== undefined) throw nonsense(this.#session.place, 'the upload ended before its end');
    });
    this.#lastSend = sent;
    return sent;
  }

  /** Google may keep less than it was sent; the rest of it goes again. The answer is that to the end; before it there is none. */
  async #put(part: Buffer, end: End | undefined, signal: AbortSignal): Promise<Answer | undefined> {
    const { transport, place, path } = this.#session;
    const start = this.#stored;
    const until = start + part.length;
    for (;;) {
      const body = part.subarray(this.#stored - start);
      const call = { method: 'PUT', path, place, body, headers: headersOf(this.#stored, body.length, end) } as const;
      const answer = await transport.ask(call, signal);
      if (answer.status === 200 || answer.status === 201) return answer;
      if (answer.status === 400 && end !== undefined) throw otherBytes(place);
      if (answer.status !== 308) throw transport.refuse(call, answer);
      const stored = storedBytes(answer);
      // An answer that brings us no further would have us send for ever; one that goes back asks for what we no longer have.
      if (stored <= this.#stored || stored > until) throw noProgress(place, this.#stored, stored);
      this.#stored = stored;
      if (stored === until && end === undefined) return undefined;
    }
  }
}

interface End {
  readonly total: number;
  readonly md5: string;
}

function headersOf(start: number, length: number, end: End | undefined): Readonly<Record<string, string>> {
  const range = length === 0 ? '*' : `${start}-${start + length - 1}`;
  return { 'content-range': `bytes ${range}/${end?.total ?? '*'}`, ...(end && { 'x-goog-hash': `md5=${end.md5}` }) };
}

/** Of `Range: bytes=0-1048575`; without it there is nothing yet. */
function storedBytes({ headers }: Answer): number {
  const last = /^bytes=0-(\d+)$/.exec(headers.range ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

/** At the end there is nothing left that could be wrong but the sum. */
function otherBytes(place: string): SnapshotError {
  return new SnapshotError('storage_mismatch', `gcs: ${place}: Google received other bytes than were sent`, {
    advice: 'look at proxies between here and Google; nothing was stored',
  });
}

function noProgress(place: string, before: number, after: number): SnapshotError {
  return new SnapshotError('storage_unavailable', `gcs: ${place}: the upload does not get on: ${after} bytes stored, ${before} before`);
}
