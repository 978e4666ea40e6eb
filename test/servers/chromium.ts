import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerChild } from './child.ts';
import { until } from './wait.ts';

const COMMAND = '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--hide-scrollbars',
  '--remote-debugging-port=0',
];

type Answers = Readonly<Record<string, unknown>>;
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Answers;
  readonly result?: Answers;
  readonly error?: { readonly message: string };
}

/** A real browser without a window, asked over its DevTools protocol. */
export class Chromium {
  readonly #child: ServerChild;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answers>>();
  readonly #listeners = new Map<string, (method: string, params: Answers) => void>();
  #lastId = 0;

  private constructor(child: ServerChild, socket: WebSocket) {
    this.#child = child;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Message));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'));
    });
  }

  /** The profile lies in the directory, which is to be empty. */
  static async start(directory: string): Promise<Chromium> {
    const profile = join(directory, 'profile');
    const child = await ServerChild.start(COMMAND, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], join(directory, 'chromium.log'), {
      ...process.env,
      HOME: directory,
    });
    const [port, path] = await until('the port of the browser', async () => {
      const lines = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
      return lines.length === 2 && lines;
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await once(socket, 'open');
    return new Chromium(child, socket);
  }

  async newPage(): Promise<BrowserPage> {
    const { browserContextId } = await this.send('Target.createBrowserContext', {});
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new BrowserPage((method, params) => this.send(method, params, String(sessionId)));
    this.#listeners.set(String(sessionId), (method, params) => page.hear(method, params));
    await Promise.all(['Page', 'Runtime', 'Network', 'Log'].map((domain) => page.send(`${domain}.enable`)));
    return page;
  }

  send(method: string, params: Answers, sessionId?: string): Promise<Answers> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<Answers>();
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    return waiting.promise;
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await this.#child.kill();
  }

  #receive({ id, method, sessionId, params = {}, result = {}, error }: Message): void {
    if (id === undefined) {
      this.#listeners.get(sessionId ?? '')?.(method ?? '', params);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }
}

/** One tab, and all it complained of and asked for. */
export class BrowserPage {
  /** Errors of the console, exceptions, and what the content security policy refused. */
  readonly complaints: string[] = [];
  readonly requests: string[] = [];
  readonly send: (method: string, params?: Answers) => Promise<Answers>;
  #loaded: (() => void) | undefined;

  constructor(send: (method: string, params: Answers) => Promise<Answers>) {
    this.send = (method, params = {}) => send(method, params);
  }

  hear(method: string, params: Answers): void {
    if (method === 'Page.loadEventFired') this.#loaded?.();
    if (method === 'Network.requestWillBeSent') this.requests.push((params as { request: { url: string } }).request.url);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params));
    if (method === 'Runtime.consoleAPICalled' && /error|warning|assert/.test(String((params as { type: string }).type)))
      this.complaints.push(JSON.stringify(params));
    if (method === 'Log.entryAdded') this.complaints.push((params as { entry: { text: string } }).entry.text);
  }

  /** Resolves when the page and all it is made of are there. */
  async open(url: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#loaded = resolve;
    await this.send('Page.navigate', { url });
    await promise;
  }

  /** What an expression comes to, as JSON tells it. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  async resize(width: number, height: number): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 500 });
  }

  async prefer(scheme: 'dark' | 'light'): Promise<void> {
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  }

  /** The whole page, as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(String(data), 'base64');
  }
}
