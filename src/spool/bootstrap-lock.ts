import { createHash } from 'node:crypto';
import { SnapshotError } from '../errors.ts';
import { lock, type Release } from './lock.ts';

/** Keeps every other bootstrap of this state directory away from that server. */
export async function lockServer(directory: string, address: string, holder: string): Promise<Release> {
  const name = `bootstrap-${createHash('sha256').update(address).digest('hex').slice(0, 16)}`;
  const taken = (who: string) => new SnapshotError('bootstrap_running', `vault: ${address}: another bootstrap is at work on it: ${who}`);
  return await lock({ directory, name, holder, taken });
}
