import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Answer, ask } from './ask.ts';
import type { ServerTls } from './certificates.ts';
import { ServerChild } from './child.ts';
import { until } from './wait.ts';

const run = promisify(execFile);

export interface VaultNodeSettings {
  readonly binary: string;
  readonly dir: string;
  readonly nodeId: string;
  readonly ip: string;
  readonly port: number;
  readonly clusterPort: number;
  readonly tls?: ServerTls | undefined;
  /** For how many half seconds a leader may be out of touch with the others before it steps down; one if not given, and elections take as many seconds. */
  readonly patience?: number | undefined;
  /** HCL added at the end of the server's configuration. */
  readonly extraConfig?: string | undefined;
  /** Variables besides the usual ones. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** One real Vault process with raft storage. It keeps its address, its data and its keys over kill and start. */
export class VaultNode {
  readonly settings: VaultNodeSettings;
  readonly address: string;
  readonly clusterAddress: string;
  readonly logFile: string;
  /** Set by init() or adopt(). */
  rootToken = '';
  keys: readonly string[] = [];
  threshold = 0;
  #child: ServerChild | undefined;

  constructor(settings: VaultNodeSettings) {
    this.settings = settings;
    this.address = `${settings.tls === undefined ? 'http' : 'https'}://${settings.ip}:${settings.port}`;
    this.clusterAddress = `https://${settings.ip}:${settings.clusterPort}`;
    this.logFile = join(settings.dir, 'vault.log');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child?.isRunning ?? false;
  }

  /** Resolves when it answers, sealed or not initialised as it may be. */
  async start(): Promise<void> {
    const { binary, dir } = this.settings;
    const configFile = join(dir, 'vault.hcl');
    await writeFile(configFile, this.#configuration());
    this.#child = await ServerChild.start(binary, ['server', `-config=${configFile}`], this.logFile, this.#env());
    await until(`${this.settings.nodeId} to answer, see ${this.logFile}`, async () => {
      if (!this.isRunning) return 'ended';
      return (await this.request('GET', 'sys/seal-status')).status === 200;
    });
    if (!this.isRunning) throw new Error(`${this.settings.nodeId} ended at its start, see ${this.logFile}`);
  }

  async init(shares: number, threshold: number): Promise<void> {
    const { status, json, text } = await this.request('PUT', 'sys/init', { secret_shares: shares, secret_threshold: threshold });
    if (status !== 200) throw new Error(`init: ${status} ${text}`);
    this.rootToken = json.root_token as string;
    this.keys = json.keys_base64 as string[];
    this.threshold = threshold;
  }

  /** Takes over the keys and the root token of the cluster it joined. */
  adopt(other: VaultNode): void {
    this.rootToken = other.rootToken;
    this.keys = other.keys;
    this.threshold = other.threshold;
  }

  /** Gives as many shares as are needed and waits until the node serves, as leader or as standby. */
  async unseal(): Promise<void> {
    for (const key of this.keys.slice(0, this.threshold)) {
      const { status, text } = await this.request('PUT', 'sys/unseal', { key });
      if (status !== 200) throw new Error(`unseal: ${status} ${text}`);
    }
    await until(`${this.settings.nodeId} to serve`, () => this.#isServing());
  }

  async seal(): Promise<void> {
    const { status, text } = await this.request('PUT', 'sys/seal', undefined, this.rootToken);
    if (status !== 204) throw new Error(`seal: ${status} ${text}`);
  }

  /** SIGKILL; the data stay, `start` and `unseal` bring it back. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  /** SIGTERM; the data stay. */
  async terminate(): Promise<void> {
    await this.#child?.terminate();
  }

  /** Stops and starts the process on its data and unseals it. */
  async restart(): Promise<void> {
    await this.terminate();
    await this.start();
    await this.unseal();
  }

  /** Frozen: connections stay open and nothing answers, until `resume`. */
  pause(): void {
    this.#child?.signal('SIGSTOP');
  }

  resume(): void {
    this.#child?.signal('SIGCONT');
  }

  /** `path` without `/v1/`. Without a token it is asked without one. */
  request(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
    return ask({ method, url: `${this.address}/v1/${path}`, body, token, tls: this.settings.tls });
  }

  /** As root; anything but a 2xx is an error. */
  async write(path: string, body: unknown = {}): Promise<Record<string, unknown>> {
    const { status, json, text } = await this.request('PUT', path, body, this.rootToken);
    if (status < 200 || status > 299) throw new Error(`write ${path}: ${status} ${text}`);
    return json;
  }

  /** The `vault` command line, as root, against this node. */
  async cli(args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    return run(this.settings.binary, [...args], { env: this.#env(), maxBuffer: 64 * 1024 * 1024 });
  }

  /** Leader, or standby of another one: a node alone is for a moment the standby of nobody, and refuses everything. */
  async #isServing(): Promise<boolean> {
    const { status } = await this.request('GET', 'sys/health');
    if (status !== 429) return status === 200;
    const leader = (await this.request('GET', 'sys/leader')).json.leader_address;
    return leader !== '' && leader !== this.address;
  }

  #env(): NodeJS.ProcessEnv {
    const { tls, dir, env } = this.settings;
    return {
      ...env,
      PATH: process.env.PATH,
      HOME: dir,
      VAULT_ADDR: this.address,
      ...(this.rootToken !== '' && { VAULT_TOKEN: this.rootToken }),
      ...(tls && { VAULT_CACERT: tls.caFile }),
      ...(tls?.client && { VAULT_CLIENT_CERT: tls.client.certFile, VAULT_CLIENT_KEY: tls.client.keyFile }),
    };
  }

  #configuration(): string {
    const { dir, nodeId, ip, port, clusterPort, tls, patience = 1, extraConfig = '' } = this.settings;
    const listener = [`address = "${ip}:${port}"`, `cluster_address = "${ip}:${clusterPort}"`];
    if (tls === undefined) listener.push('tls_disable = true');
    else listener.push(`tls_cert_file = "${tls.certFile}"`, `tls_key_file = "${tls.keyFile}"`);
    if (tls?.clientCaFile !== undefined) {
      listener.push(`tls_client_ca_file = "${tls.clientCaFile}"`, 'tls_require_and_verify_client_cert = true');
    }
    // Elections in about a second instead of five, and new voters in two where others join.
    return `disable_mlock = true
ui = false
api_addr = "${this.address}"
cluster_addr = "${this.clusterAddress}"
storage "raft" {
  path = "${dir}"
  node_id = "${nodeId}"
  performance_multiplier = ${patience}
  autopilot_update_interval = "1s"
  autopilot_reconcile_interval = "2s"
}
listener "tcp" {
  ${listener.join('\n  ')}
}
${extraConfig}
`;
  }
}
