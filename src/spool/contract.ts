/** The one working copy of a snapshot: one writer appends, any number of readers follow at their own pace. */
export interface Spool {
  /** Bytes appended so far. */
  readonly bytes: number;
  append(chunk: Uint8Array): Promise<void>;
  /** No more bytes will come: readers end after the last one. */
  end(): void;
  /** The archive is no good: every reader, waiting or not, throws this. */
  fail(error: unknown): void;
  /** From the first byte, however late the reader comes; waits for bytes to come until end, fail or the signal. */
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
