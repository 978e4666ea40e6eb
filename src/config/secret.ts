const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** A text that does not print: template strings, JSON, inspect and loggers all show `[secret]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The one way out; a reviewer greps for it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [INSPECT](): string {
    return '[secret]';
  }
}

/** Where a secret comes from; read again at every use, so that rotated files and credentials are found. */
export interface SecretSource {
  /** `literal`, `file /path`, `env NAME`, `credential NAME`: for people, never the secret itself. */
  readonly origin: string;
  /** Rejects with `secret_unavailable`. */
  read(): Promise<Secret>;
}
