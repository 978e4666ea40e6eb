/** Fields of a line: `event` is stable and public; the rest are values that may be shown to anyone. */
export interface LogFields {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What started the process and watches over it, systemd for one. Is told, never answers, holds nothing up. */
export interface ServiceManager {
  /** What it shows of us, in one line. */
  status(text: string): void;
  ready(): void;
  reloading(): void;
  stopping(): void;
  /** As long as `isAlive` says so, it hears of us often enough to let us live. Ends with the signal. */
  watch(isAlive: () => boolean, signal: AbortSignal): void;
}

/** error = someone must act, warn = we went on without, info = what happened, debug = how. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
