import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { pause } from '../agent/clock.ts';
import type { AuthConfig } from '../config/config.ts';
import { SnapshotError, toSnapshotError } from '../errors.ts';
import type { ServerFacts, Target } from '../recovery/contract.ts';
import type { Throwaway, ThrowawayPlace } from '../recovery/throwaway.ts';
import { openTarget } from '../vault/target.ts';
import { askVersion } from './binary.ts';
import { type DirectoryDeps, makeDrillDirectory, noteProcess, removeDirectory, sweepDrills } from './directory.ts';
import type { HostPort } from './drill-config.ts';
import { checkNeeded, checkPlace, type Isolation, isInOwnNetwork, isolated } from './isolation.ts';
import { renderServerConfig, SOCKET, sealTypeOf } from './server-config.ts';
import { ServerRun } from './server-run.ts';

const ANSWER_LIMIT_MS = 60_000;
const ASK_EVERY_MS = 100;
const PLAIN = { caCertFile: undefined, caDirectory: undefined, clientCertFile: undefined, clientKeyFile: undefined, serverName: undefined };

export interface OwnPlaceDeps extends DirectoryDeps {
  readonly binary: string;
  readonly path: string;
  readonly isolation: Isolation;
  readonly sealFile: string | undefined;
  /** What the server must not reach. */
  readonly closed: readonly HostPort[];
  /** What it must reach, the KMS of its seal. */
  readonly needed: readonly HostPort[];
  /** An identity in the snapshot. */
  readonly auth: AuthConfig;
}

/** A server of the operator's own binary, as one process of this host. */
export class OwnPlace implements ThrowawayPlace {
  readonly isIsolated: boolean;
  readonly #deps: OwnPlaceDeps;
  readonly #lost = new AbortController();
  #facts: ServerFacts | undefined;
  #seal = '';
  #directory: string | undefined;
  #target: Target | undefined;
  #server: ServerRun | undefined;

  constructor(deps: OwnPlaceDeps) {
    this.#deps = deps;
    this.isIsolated = deps.isolation.kind === 'namespace';
  }

  async describe(signal: AbortSignal): Promise<ServerFacts & { readonly sealType: string | undefined }> {
    const { binary, sealFile } = this.#deps;
    this.#facts = await askVersion(binary, this.#env(), signal);
    if (sealFile !== undefined) this.#seal = await readSeal(sealFile);
    return { ...this.#facts, sealType: sealTypeOf(this.#seal) };
  }

  async prepare(stateBytes: number): Promise<readonly string[]> {
    const swept = await sweepDrills(this.#deps);
    this.#directory = await makeDrillDirectory(this.#deps, stateBytes);
    return swept;
  }

  async checkIsolation(signal: AbortSignal): Promise<void> {
    const { isolation, binary, closed, needed } = this.#deps;
    await checkPlace(closed, { isolation, binary, env: this.#env() }, signal);
    await checkNeeded(needed, signal);
  }

  async start(nodeId: string, signal: AbortSignal): Promise<Throwaway> {
    const { binary, auth, isolation } = this.#deps;
    const directory = this.#directory;
    if (directory === undefined || this.#facts === undefined) throw new SnapshotError('internal', 'drill: started before its place was made');
    const config = renderServerConfig({ directory, nodeId, facts: this.#facts, ports: await freePorts(), seal: this.#seal });
    const command = isolated(isolation, [binary, ['server', `-config=${await writeConfig(directory, config)}`]]);
    const target = openTarget({ address: `unix://${join(directory, SOCKET)}`, namespace: undefined, tls: { ...PLAIN, isVerificationOff: false }, auth });
    this.#target = target;
    const run = async () => {
      this.#server = await ServerRun.start(command, { directory, env: this.#env() });
      const { lost } = this.#server;
      lost.addEventListener('abort', () => this.#lost.abort(lost.reason), { once: true });
      await noteProcess(directory, this.#server.pid);
      await untilAnswers(target, this.#server, AbortSignal.any([signal, lost]));
      if (this.isIsolated && !(await isInOwnNetwork(this.#server.pid))) throw new SnapshotError('egress_open', 'isolation: the server shares our network');
    };
    await run();
    return {
      target,
      lost: this.#lost.signal,
      restart: async () => {
        await this.#server?.end();
        await run();
      },
    };
  }

  async remove(): Promise<readonly string[]> {
    this.#target?.close();
    await this.#server?.end();
    const directory = this.#directory;
    if (directory === undefined) return [];
    return await removeDirectory(directory).then(
      () => [],
      (error: unknown) => [`${directory}: ${toSnapshotError(error).message}`],
    );
  }

  /** Nothing of ours: neither tokens nor addresses. A server alone needs no autopilot, and a restore that meets it at work can stand still for good. */
  #env(): Readonly<Record<string, string>> {
    return { PATH: this.#deps.path, HOME: this.#directory ?? '/', VAULT_RAFT_AUTOPILOT_DISABLE: '1', BAO_RAFT_AUTOPILOT_DISABLE: '1' };
  }
}

async function untilAnswers(target: Target, server: ServerRun, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(ANSWER_LIMIT_MS);
  for (;;) {
    signal.throwIfAborted();
    if (late.aborted) throw new SnapshotError('server_exited', `server: no answer within ${ANSWER_LIMIT_MS / 1000} s: ${server.lastWords()}`);
    const status = await target.sealStatus(signal).catch((error: unknown) => {
      if (error instanceof SnapshotError && error.code === 'vault_unreachable') return undefined;
      throw error;
    });
    if (status !== undefined) return;
    await pause(ASK_EVERY_MS, signal);
  }
}

async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(servers.map((server) => new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))))));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function writeConfig(directory: string, text: string): Promise<string> {
  const path = join(directory, 'server.hcl');
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

async function readSeal(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SnapshotError('config_unreadable', `drill.seal_file: ${toSnapshotError(error).message}`, { cause: error });
  });
}
