import { execFile } from 'node:child_process';
import { readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { SnapshotError } from '../errors.ts';
import type { HostPort } from './drill-config.ts';

const run = promisify(execFile);
const PROBE_LIMIT_MS = 3_000;
const RUN_LIMIT_MS = 30_000;

export interface Isolation {
  readonly kind: 'namespace' | 'external';
  /** Seen empty by the server, so that it writes to no real audit log. */
  readonly privateDirectories: readonly string[];
}

/** A program with its arguments. */
export type CommandLine = readonly [string, readonly string[]];

/** Hides each directory behind an empty one of its own, then becomes the command. */
const HIDE = 'n=$1; shift; while [ "$n" -gt 0 ]; do mount -t tmpfs -o mode=0700 none "$1" || exit 126; shift; n=$((n-1)); done; exec "$@"';

/**
 * The command where it can reach nothing: a network namespace of its own, in which not even loopback is up. No process stands in between, so what we
 * start is what we kill; and it dies with us, also when we are killed.
 */
export function isolated({ kind, privateDirectories: hidden }: Isolation, [command, args]: CommandLine): CommandLine {
  if (kind === 'external') return [command, args];
  const alone = ['--pdeathsig', 'KILL', '--', 'unshare', '--user', '--map-root-user', '--net'];
  const hiding = hidden.length === 0 ? [] : ['--mount', '--', 'sh', '-c', HIDE, 'sh', String(hidden.length), ...hidden];
  return ['setpriv', [...alone, ...hiding, ...(hidden.length === 0 ? ['--'] : []), command, ...args]];
}

export interface ProbeDeps {
  readonly isolation: Isolation;
  readonly binary: string;
  readonly env: Readonly<Record<string, string>>;
}

/** That the binary starts in its place, and that none of the addresses can be reached from there. */
export async function checkPlace(addresses: readonly HostPort[], deps: ProbeDeps, signal: AbortSignal): Promise<void> {
  if (deps.isolation.kind === 'namespace') await tryNamespace(deps, signal);
  const isOpen = (address: HostPort) => (deps.isolation.kind === 'namespace' ? isReachedByBinary(address, deps, signal) : isReachedByUs(address, signal));
  const open = await Promise.all(addresses.map(async (address) => ((await isOpen(address)) ? [`${address.host}:${address.port}`] : [])));
  signal.throwIfAborted();
  if (open.flat().length > 0) throw new SnapshotError('egress_open', `isolation: the throw-away server could reach ${open.flat().join(', ')}`);
}

/** That what the server cannot do without answers there where it will run, which is here. */
export async function checkNeeded(addresses: readonly HostPort[], signal: AbortSignal): Promise<void> {
  const silent = await Promise.all(addresses.map(async (address) => ((await isReachedByUs(address, signal)) ? [] : [`${address.host}:${address.port}`])));
  signal.throwIfAborted();
  if (silent.flat().length === 0) return;
  const advice = 'let the server through to the KMS of "drill.seal_file", or correct "drill.allow"';
  throw new SnapshotError('refused', `isolation: the throw-away server could not reach ${silent.flat().join(', ')}`, { advice });
}

async function tryNamespace({ isolation, binary, env }: ProbeDeps, signal: AbortSignal): Promise<void> {
  const [command, args] = isolated(isolation, [binary, ['version']]);
  try {
    await run(command, args, { env, signal, timeout: RUN_LIMIT_MS });
  } catch (error) {
    signal.throwIfAborted();
    throw new SnapshotError('no_namespace', `isolation: no namespace to be had: ${whyOf(error)}`, { cause: error });
  }
}

/** Only what it could not even dial is out of reach: whatever else it says, something has answered. */
async function isReachedByBinary({ host, port }: HostPort, { isolation, binary, env }: ProbeDeps, signal: AbortSignal): Promise<boolean> {
  const address = `-address=http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const [command, args] = isolated(isolation, [binary, ['status', address]]);
  const quick = { ...env, VAULT_MAX_RETRIES: '0', BAO_MAX_RETRIES: '0', VAULT_CLIENT_TIMEOUT: '3s', BAO_CLIENT_TIMEOUT: '3s' };
  try {
    await run(command, args, { env: quick, signal, timeout: RUN_LIMIT_MS });
    return true;
  } catch (error) {
    return !/dial (tcp|udp)/.test(whyOf(error));
  }
}

async function isReachedByUs({ host, port }: HostPort, signal: AbortSignal): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_LIMIT_MS)]) });
    const answer = (isReached: boolean) => () => {
      socket.destroy();
      resolve(isReached);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}

/** Of the server itself, once it runs: the last word on where it is. */
export async function isInOwnNetwork(pid: number): Promise<boolean> {
  const [own, its] = await Promise.all([readlink('/proc/self/ns/net'), readlink(`/proc/${pid}/ns/net`)]);
  return own !== its;
}

/** In one line. */
export function whyOf(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  return (stderr?.trim() || message).replaceAll(/\s+/g, ' ').slice(0, 300);
}
