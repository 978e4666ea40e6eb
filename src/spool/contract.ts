/** The one working copy of a snapshot: one writer appends, any number of readers follow at their own pace. */
export interface Spool {
  /** Bytes appended so far. */
  readonly bytes: number;
  append(chunk: Uint8Array): Promise<void>;
  /** No more bytes will come: readers end after the last one. */
  end(): void;
  /** The archive is no good: every reader, waiting or not, throws this. */
  fail(error: unknown): void;
  /** From the first byte, however late the reader comes; waits for bytes to come until end, fail or the signal. A chunk is good until the next one is asked for. */
  tail(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Gone from the disk; safe twice. */
  remove(): Promise<void>;
}

/** Where spools are made. */
export interface SpoolDirectory {
  open(): Promise<Spool>;
  room(): Promise<number>;
  /** Removes what a killed process left and tells what it was. */
  sweep(): Promise<readonly string[]>;
}

/** A snapshot that was about to be committed somewhere, with the manifest it is to have there. */
export interface Intent {
  readonly destination: string;
  readonly key: string;
  readonly manifest: string;
}

/** Kept from just before a commit until its manifest is written, so that the next start can finish what a kill cut off. */
export interface Intents {
  record(intent: Intent): Promise<void>;
  clear(intent: Intent): Promise<void>;
  list(): Promise<readonly Intent[]>;
}
