import type { Host } from '../../src/cli/host.ts';

type Signal = Parameters<Host['on']>[0];

/** A process that records what it is told and sends itself signals. */
export class FakeHost implements Host {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid = 4711;
  readonly nodeVersion = '24.0.0';
  readonly hostname = 'vault-0';
  readonly homeDirectory: string;
  readonly serviceAccountDirectory: string;
  readonly isStdinTerminal: boolean;
  readonly isStdoutTerminal: boolean;
  readonly isStderrTerminal: boolean;
  stdout = '';
  stderr = '';
  readonly #lines: string[];
  readonly #handlers = new Map<Signal, () => void>();

  constructor({
    argv = [],
    env = {},
    homeDirectory = '/nonexistent',
    serviceAccountDirectory = '/nonexistent',
    isStdinTerminal = false,
    isStdoutTerminal = false,
    isStderrTerminal = false,
    lines = [],
  }: Partial<Omit<Host, 'pid' | 'hostname'>> & { readonly lines?: readonly string[] }) {
    this.argv = argv;
    this.env = env;
    this.homeDirectory = homeDirectory;
    this.serviceAccountDirectory = serviceAccountDirectory;
    this.isStdinTerminal = isStdinTerminal;
    this.isStdoutTerminal = isStdoutTerminal;
    this.isStderrTerminal = isStderrTerminal;
    this.#lines = [...lines];
  }

  // Like those of main.ts: whoever has taken a copy of the host may call them.
  readonly columns = (): number => 100;
  readonly out = (text: string): void => {
    this.stdout += text;
  };
  readonly err = (text: string): void => {
    this.stderr += text;
  };
  readonly readLine = async (): Promise<string | undefined> => this.#lines.shift();
  readonly isAlive = (): boolean => false;
  readonly end = (): void => undefined;
  readonly on = (signal: Signal, handler: () => void): void => {
    this.#handlers.set(signal, handler);
  };

  send(signal: Signal): void {
    this.#handlers.get(signal)?.();
  }
}
