import { SnapshotError } from '../errors.ts';
import { lock, type Release } from './lock.ts';

/** Keeps every other daemon off this state directory: two would take each snapshot twice. Commands may work beside one. */
export async function lockForDaemon(directory: string, holder: string): Promise<Release> {
  const taken = (who: string) => new SnapshotError('daemon_running', `daemon: ${directory}: another one is at work here: ${who}`);
  return await lock({ directory, name: 'daemon', holder, taken });
}
