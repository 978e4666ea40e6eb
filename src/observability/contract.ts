/** Fields of a line: `event` is stable and public; the rest are values that may be shown to anyone. */
export interface LogFields {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** error = someone must act, warn = we went on without, info = what happened, debug = how. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
