import { networkInterfaces } from 'node:os';
import { inspect } from 'node:util';
import { type Clock, systemClock } from '../../../src/agent/clock.ts';
import type { TlsConfig, VaultConfig } from '../../../src/config/config.ts';
import { Secret, type SecretSource } from '../../../src/config/secret.ts';
import { SnapshotError } from '../../../src/errors.ts';
import type { Log, LogFields } from '../../../src/observability/contract.ts';
import { createVault, type VaultClient, type VaultDeps } from '../../../src/vault/client.ts';

export const PLAIN_TLS: TlsConfig = {
  caCertFile: undefined,
  caDirectory: undefined,
  clientCertFile: undefined,
  clientKeyFile: undefined,
  serverName: undefined,
  isVerificationOff: false,
};

export function literal(text: string): SecretSource {
  return { origin: 'literal', read: async () => new Secret(text) };
}

/** Remembers every line, for tests that ask what an operator was told. */
export class RecordingLog implements Log {
  readonly lines: { readonly level: string; readonly event: string; readonly fields: LogFields; readonly message: string }[] = [];

  debug(fields: LogFields, message: string): void {
    this.lines.push({ level: 'debug', event: fields.event, fields, message });
  }
  info(fields: LogFields, message: string): void {
    this.lines.push({ level: 'info', event: fields.event, fields, message });
  }
  warn(fields: LogFields, message: string): void {
    this.lines.push({ level: 'warn', event: fields.event, fields, message });
  }
  error(fields: LogFields, message: string): void {
    this.lines.push({ level: 'error', event: fields.event, fields, message });
  }

  /** The events of all lines an operator sees. */
  told(): string[] {
    return this.lines.filter(({ level }) => level !== 'debug').map(({ level, event }) => `${level} ${event}`);
  }
}

export interface ClientOptions {
  readonly address: string;
  readonly auth?: VaultConfig['auth'];
  readonly tls?: Partial<TlsConfig>;
  readonly leaderCheck?: VaultConfig['leaderCheck'];
  readonly namespace?: string;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly interfaces?: readonly string[];
  readonly resolve?: VaultDeps['resolve'];
  readonly stallTimeoutMs?: number;
}

export function clientOf(options: ClientOptions): VaultClient {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
  return createVault(
    {
      address: options.address,
      namespace: options.namespace,
      leaderCheck: options.leaderCheck ?? 'auto',
      tls: { ...PLAIN_TLS, ...options.tls },
      auth: options.auth ?? { method: 'none' },
    },
    {
      log: options.log ?? new RecordingLog(),
      clock: options.clock ?? systemClock,
      random: () => 0,
      interfaces: () => options.interfaces ?? own,
      resolve: options.resolve ?? (async (host) => [host]),
      stallTimeoutMs: options.stallTimeoutMs ?? 30_000,
    },
  );
}

/** The error a call ends with, after a look that it and its causes print no secret in any way. */
export async function failureOf(work: Promise<unknown>, ...secrets: readonly string[]): Promise<SnapshotError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SnapshotError)) throw new Error(`expected a SnapshotError, got ${inspect(error)}`);
  const prints = `${inspect(error, { depth: Infinity, showHidden: true, getters: true })}${JSON.stringify(error)}${JSON.stringify(error.cause)}${error.stack}`;
  for (const secret of secrets) {
    if (prints.includes(secret)) throw new Error(`the error prints ${secret.slice(0, 4)}…`);
  }
  return error;
}
