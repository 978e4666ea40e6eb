import { join } from 'node:path';
import { toSnapshotError } from '../../errors.ts';
import type { Log } from '../contract.ts';
import { type ListenSettings, showPlace } from '../listen-config.ts';
import { answer, type Sources, text } from './answer.ts';
import { Listener, type Responder } from './listener.ts';

// What the user of the service can do with the socket in the state directory, its group can do with one of its own.
const OWN_SOCKET_MODE = 0o600;
const LISTEN_SOCKET_MODE = 0o660;
export const STATUS_SOCKET = 'status.sock';

export interface ServiceSettings {
  readonly listen: ListenSettings | undefined;
  readonly stateDirectory: string;
}

type Slot = 'own' | 'configured';

/** Everywhere the daemon is asked: the socket in the state directory, always, and where `listen` says. */
export class HttpService {
  readonly #log: () => Log;
  readonly #respond: Responder;
  readonly #listeners = new Map<Slot, Listener>();

  constructor(sources: Sources, log: () => Log) {
    this.#log = log;
    this.#respond = (path) => {
      try {
        return answer(path, sources);
      } catch (thrown) {
        const { code, message } = toSnapshotError(thrown);
        log().error({ event: 'answer_failed', path, code, error: message }, 'could not answer who asked');
        return text(500, 'the journal says what went wrong\n');
      }
    };
  }

  /** Serves there from now on, and nowhere else. Rejects when `listen` cannot be had; then it serves where it did before. */
  async serve({ listen, stateDirectory }: ServiceSettings): Promise<void> {
    await this.#move('configured', listen, LISTEN_SOCKET_MODE);
    try {
      await this.#move('own', { place: { kind: 'unix', path: join(stateDirectory, STATUS_SOCKET) }, tls: undefined, token: undefined }, OWN_SOCKET_MODE);
    } catch (thrown) {
      // Snapshots matter more than who can be asked about them.
      const { code, message, advice } = toSnapshotError(thrown);
      this.#log().warn({ event: 'status_socket_failed', code, error: message, advice }, 'the status verb will find nobody to ask');
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#listeners.values()].map((listener) => listener.close()));
  }

  async #move(slot: Slot, settings: ListenSettings | undefined, socketMode: number): Promise<void> {
    const before = this.#listeners.get(slot);
    if (before !== undefined && settings !== undefined && before.isAt(settings)) return await before.renew(settings);
    // The old one first: the new one may want its port.
    await before?.close();
    this.#listeners.delete(slot);
    if (settings === undefined) return;
    try {
      this.#listeners.set(slot, await Listener.open(settings, socketMode, this.#respond));
    } catch (error) {
      if (before !== undefined) this.#listeners.set(slot, await Listener.open(before.settings, socketMode, this.#respond));
      throw error;
    }
    if (slot === 'configured') this.#log().info({ event: 'listening', address: showPlace(settings.place) }, 'metrics and status are served');
  }
}
