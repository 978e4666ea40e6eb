import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Operation = 'create' | 'part' | 'complete' | 'abort' | 'list' | 'uploads' | 'head' | 'get' | 'put' | 'delete' | 'delete-many' | 'restore';

export interface Asked {
  readonly operation: Operation;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Instead of the usual answer; `usual` gives that one, and may be called before or after a misdeed. */
export type Misdeed = (asked: Asked, response: ServerResponse, usual: () => void) => void;

interface Upload {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
  readonly metadata: string;
}

/** A bucket that speaks just enough S3 for the driver, over plain http, and does to each operation what a test says. */
export class FakeS3 {
  readonly objects = new Map<string, { readonly bytes: Buffer; readonly metadata: string }>();
  readonly uploads = new Map<string, Upload>();
  readonly asked: Asked[] = [];
  honoursConditions = true;
  readonly #misdeeds = new Map<Operation, Misdeed[]>();
  readonly #server: Server;
  #opened = 0;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<FakeS3> {
    const fake = new FakeS3();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What happens at the next requests of that kind, one after the other. */
  misbehave(operation: Operation, ...misdeeds: readonly Misdeed[]): void {
    this.#misdeeds.set(operation, [...(this.#misdeeds.get(operation) ?? []), ...misdeeds]);
  }

  operations(): readonly Operation[] {
    return this.asked.map(({ operation }) => operation);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.endpoint);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    const asked = {
      operation: operationOf(request.method ?? '', url, key),
      key,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    this.asked.push(asked);
    const misdeed = this.#misdeeds.get(asked.operation)?.shift();
    const usual = () => this.#serve(asked, response);
    if (misdeed === undefined) usual();
    else misdeed(asked, response, usual);
  }

  #serve({ operation, key, query, headers, body }: Asked, response: ServerResponse): void {
    const id = query.get('uploadId') ?? '';
    if (operation === 'create') {
      const uploadId = `upload-${++this.#opened}`;
      this.uploads.set(uploadId, { key, parts: new Map(), metadata: String(headers['x-amz-meta-vault-snapshotd-size-guess'] ?? '') });
      answerXml(response, `<InitiateMultipartUploadResult><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`);
    } else if (operation === 'part') {
      this.uploads.get(id)?.parts.set(Number(query.get('partNumber')), body);
      response.writeHead(200, { ETag: `"${createHash('md5').update(body).digest('hex')}"` }).end();
    } else if (operation === 'complete') {
      this.#complete(id, key, headers['if-none-match'] === '*', response);
    } else if (operation === 'abort' || operation === 'delete') {
      if (operation === 'abort') this.uploads.delete(id);
      else this.objects.delete(key);
      response.writeHead(204).end();
    } else if (operation === 'delete-many') {
      const keys = [...body.toString().matchAll(/<Key>(.*?)<\/Key>/g)].map(([, each]) => each ?? '');
      for (const each of keys) this.objects.delete(each);
      answerXml(response, `<DeleteResult>${keys.map((each) => `<Deleted><Key>${each}</Key></Deleted>`).join('')}</DeleteResult>`);
    } else if (operation === 'list') {
      this.#list(query, response);
    } else if (operation === 'uploads') {
      answerXml(response, '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>');
    } else {
      this.#give(operation, key, response);
    }
  }

  #complete(id: string, key: string, isConditional: boolean, response: ServerResponse): void {
    const upload = this.uploads.get(id);
    if (upload === undefined) {
      answerError(response, 404, 'NoSuchUpload');
      return;
    }
    if (isConditional && this.honoursConditions && this.objects.has(key)) {
      answerError(response, 412, 'PreconditionFailed');
      return;
    }
    const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    this.objects.set(key, { bytes: Buffer.concat(parts), metadata: upload.metadata });
    this.uploads.delete(id);
    answerXml(response, `<CompleteMultipartUploadResult><Key>${key}</Key><ETag>"x"</ETag></CompleteMultipartUploadResult>`);
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const keys = [...this.objects.keys()].sort().filter((key) => key > (query.get('continuation-token') ?? ''));
    const page = keys.slice(0, Number(query.get('max-keys')));
    const next = keys.length > page.length ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    answerXml(response, `<ListBucketResult><IsTruncated>${next !== ''}</IsTruncated>${next}${page.map(describe).join('')}</ListBucketResult>`);
  }

  #give(operation: Operation, key: string, response: ServerResponse): void {
    const held = this.objects.get(key);
    if (held === undefined) {
      if (operation === 'head') response.writeHead(404).end();
      else answerError(response, 404, 'NoSuchKey');
      return;
    }
    const note = held.metadata === '' ? {} : { 'x-amz-meta-vault-snapshotd-size-guess': held.metadata };
    response.writeHead(200, { 'Content-Length': held.bytes.length, 'Last-Modified': 'Sat, 21 Nov 2026 09:00:00 GMT', ...note });
    response.end(operation === 'head' ? undefined : held.bytes);
  }
}

function operationOf(method: string, { searchParams: query }: URL, key: string): Operation {
  if (query.has('delete')) return 'delete-many';
  if (query.has('restore')) return 'restore';
  if (query.has('uploads')) return method === 'POST' ? 'create' : 'uploads';
  if (query.has('uploadId')) return method === 'PUT' ? 'part' : method === 'POST' ? 'complete' : 'abort';
  if (key === '') return 'list';
  return ({ GET: 'get', HEAD: 'head', PUT: 'put', DELETE: 'delete' } as const)[method] ?? 'get';
}

export function describe(key: string): string {
  return `<Contents><Key>${key}</Key><Size>1</Size><LastModified>2026-11-21T09:00:00.500Z</LastModified></Contents>`;
}

export function answerXml(response: ServerResponse, xml: string, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/xml', ...headers }).end(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
}

export function answerError(response: ServerResponse, status: number, code: string, message = 'as asked', headers: Record<string, string> = {}): void {
  answerXml(response, `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>R1</RequestId></Error>`, status, headers);
}

/** The connection ends without a word. */
export const cut: Misdeed = (_, response) => void response.socket?.destroy();

/** Nothing is ever said. */
export const silence: Misdeed = () => undefined;

/** Done as asked, and the answer is lost. */
export const loseAnswer: Misdeed = (_, response, usual) => {
  const { socket } = response;
  response.writeHead = () => response;
  response.end = () => response;
  usual();
  socket?.destroy();
};

export function refuse(status: number, code: string, message?: string, headers?: Record<string, string>): Misdeed {
  return (_, response) => answerError(response, status, code, message, headers);
}
