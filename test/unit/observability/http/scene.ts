import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, type RequestOptions, request } from 'node:http';
import { get as getTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Secret, type SecretSource } from '../../../../src/config/secret.ts';
import { HttpService } from '../../../../src/observability/http/service.ts';
import type { ListenSettings } from '../../../../src/observability/listen-config.ts';
import { RecordingLog } from '../../../fakes/recording-log.ts';
import { scratchDirectory } from '../../../fakes/scratch.ts';
import { freePorts } from '../../../servers/ports.ts';
import { cluster, NOW, PROGRAM } from '../cluster-view.ts';

/** A service with nothing behind it but a view; what it says of itself can be turned. */
export interface Desk {
  readonly service: HttpService;
  readonly log: RecordingLog;
  readonly state: string;
  readonly socket: string;
  readonly turn: { isAlive: boolean; isReady: boolean; isBroken: boolean };
}

export async function openDesk(): Promise<Desk> {
  const [state, log, turn] = [await scratchDirectory(), new RecordingLog(), { isAlive: true, isReady: true, isBroken: false }];
  const sources = {
    program: () => PROGRAM,
    clusters: () => {
      if (turn.isBroken) throw new TypeError('a fault of ours');
      return [cluster()];
    },
    isAlive: () => turn.isAlive,
    isReady: () => turn.isReady,
    now: () => NOW,
  };
  const service = new HttpService(sources, () => log);
  onTestFinished(() => service.close());
  return { service, log, state, socket: join(state, 'status.sock'), turn };
}

export function at(port: number, other: Partial<ListenSettings> = {}): ListenSettings {
  return { place: { kind: 'tcp', host: '127.0.0.1', port }, tls: undefined, token: undefined, ...other };
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts('127.0.0.1', 1);
  return port!;
}

export function token(text: string): SecretSource {
  return { origin: 'literal', read: async () => new Secret(text) };
}

export interface Heard {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export async function fetchFrom(
  options: RequestOptions & { readonly ca?: string },
  path = '/status',
  headers: OutgoingHttpHeaders = {},
  method = 'GET',
): Promise<Heard> {
  const wanted = { ...options, path, headers, method, agent: false as const };
  const asked = options.ca === undefined ? request(wanted).end() : getTls(wanted);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** A connection that says that much and then nothing more. */
export async function silentClient(where: { readonly port: number; readonly host: string } | { readonly path: string }, says = ''): Promise<Socket> {
  const socket = connect(where);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (says !== '') socket.write(says);
  return socket;
}
