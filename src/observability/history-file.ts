import { randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ERROR_CODES } from '../errors.ts';
import { ifThere } from '../storage/file-system.ts';
import { leftoverName, type Owner } from '../storage/leftover.ts';
import type { Log } from './contract.ts';
import type { Remembered } from './ledger.ts';
import type { DamagedPlace } from './ledger-destination.ts';
import type { RoundMark, Trouble } from './view.ts';

export interface HistoryFileDeps {
  readonly path: string;
  readonly owner: Owner;
  readonly log: Log;
}

/** What the ledger knows that nobody else could tell after a restart. Lost or damaged, it is only missed. */
export class HistoryFile {
  readonly #deps: HistoryFileDeps;
  #next: Remembered | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #hasWarned = false;

  constructor(deps: HistoryFileDeps) {
    this.#deps = deps;
  }

  async load(): Promise<Remembered | undefined> {
    const { path, log } = this.#deps;
    try {
      const text = await ifThere(readFile(path, 'utf8'));
      return text === undefined ? undefined : parse(text);
    } catch (error) {
      log.warn({ event: 'history_ignored', path, error: String(error) }, 'cannot read what happened before this start, going on without');
      return undefined;
    }
  }

  /** Holds nobody up: what is saved while an earlier one is being written is written after it, the last one only. */
  save(remembered: Remembered): void {
    this.#next = remembered;
    if (!this.#isWriting) this.#writing = this.#writeAll();
  }

  /** Resolves once everything is written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#next !== undefined) {
      const text = `${JSON.stringify({ format: 1, ...this.#next })}\n`;
      this.#next = undefined;
      await this.#write(text);
    }
    this.#isWriting = false;
  }

  async #write(text: string): Promise<void> {
    const { path, owner, log } = this.#deps;
    // Named as spools are: the next start removes what a kill leaves of either.
    const unfinished = join(dirname(path), leftoverName('spool', owner, randomBytes(8).toString('hex')));
    try {
      const file = await open(unfinished, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
      this.#hasWarned = false;
    } catch (error) {
      await unlink(unfinished).catch(() => undefined);
      if (!this.#hasWarned) log.warn({ event: 'history_failed', path, error: String(error) }, 'cannot note down what happened: a restart will forget it');
      this.#hasWarned = true;
    }
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parse(text: string): Remembered {
  const { format, cluster, rounds, drill, damaged = [] } = fields(JSON.parse(text));
  if (format !== 1 || !Array.isArray(rounds) || !Array.isArray(damaged)) throw new TypeError('not a history of this kind');
  const { lastSuccessAt, lastSeconds, lastLevel, trouble } = fields(drill);
  return {
    cluster: optional(cluster, (known) => ({ id: string(fields(known).id), name: string(fields(known).name) })),
    rounds: rounds.map(parseMark),
    drill: {
      lastSuccessAt: optional(lastSuccessAt, date),
      lastSeconds: Number(lastSeconds),
      lastLevel: optional(lastLevel, string),
      trouble: optional(trouble, parseTrouble),
    },
    damaged: damaged.map(parseDamaged),
  };
}

function parseMark(value: unknown): RoundMark {
  const { id, startedAt, endedAt, outcome, missed, trouble, location } = fields(value);
  if (outcome !== 'taken' && outcome !== 'partial' && outcome !== 'failed') throw new TypeError('a round without an outcome');
  if (!Array.isArray(missed)) throw new TypeError('a round that does not tell what was missed');
  return {
    id: string(id),
    startedAt: date(startedAt),
    endedAt: date(endedAt),
    outcome,
    missed: missed.map(string),
    trouble: optional(trouble, parseTrouble),
    location: optional(location, string),
  };
}

function parseDamaged(value: unknown): DamagedPlace {
  const { destination, location, copies } = fields(value);
  if (!Array.isArray(copies)) throw new TypeError('a place of damaged copies without any');
  const parseCopy = ({ name, trouble, takenAt }: Fields) => ({ name: string(name), trouble: parseTrouble(trouble), takenAt: optional(takenAt, date) });
  return { destination: string(destination), location: string(location), copies: copies.map((copy) => parseCopy(fields(copy))) };
}

function parseTrouble(value: unknown): Trouble {
  const { at, code, message, advice } = fields(value);
  // Of a later version, perhaps: what it says can still be read.
  const known = Object.keys(ERROR_CODES).find((name): name is Trouble['code'] => name === code) ?? 'failed';
  return { at: date(at), code: known, message: string(message), advice: string(advice) };
}

function optional<Parsed>(value: unknown, parseIt: (value: unknown) => Parsed): Parsed | undefined {
  return value === undefined ? undefined : parseIt(value);
}

function fields(value: unknown): Fields {
  if (typeof value === 'object' && value !== null) return value as Fields;
  throw new TypeError('not an object');
}

function string(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('not a text');
}

function date(value: unknown): Date {
  const time = new Date(string(value));
  if (!Number.isNaN(time.getTime())) return time;
  throw new TypeError('not a time');
}
