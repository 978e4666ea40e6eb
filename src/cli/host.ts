/** The process, as far as the program needs it; only main.ts makes one. */
export interface Host {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly nodeVersion: string;
  readonly hostname: string;
  readonly homeDirectory: string;
  /** Where Kubernetes mounts what a pod needs to ask its API server. */
  readonly serviceAccountDirectory: string;
  readonly isStdinTerminal: boolean;
  readonly isStdoutTerminal: boolean;
  readonly isStderrTerminal: boolean;
  /** How wide the terminal of stderr is. */
  columns(): number;
  out(text: string): void;
  err(text: string): void;
  /** The next line of stdin without its end; undefined after the last one. */
  readLine(signal: AbortSignal): Promise<string | undefined>;
  /** Whether a process of this host lives; one of another user counts. */
  isAlive(pid: number): boolean;
  /** SIGKILL to a process of this host that is not our child; one that is gone already is fine. */
  end(pid: number): void;
  on(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR1', handler: () => void): void;
}
