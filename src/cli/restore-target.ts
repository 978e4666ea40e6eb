import { SnapshotError } from '../errors.ts';
import { speakOfFlag } from './flag-hints.ts';

const LEADER = 'name the leader itself with --to, never a load balancer; "vault status" on any server names it';

/** The address of the server, and nothing behind it. */
export function readTo(to: string | undefined): string {
  if (to === undefined) throw new SnapshotError('usage', '--to is missing: which server is to be restored into?', { advice: LEADER });
  if (to.startsWith('unix://')) return to;
  const url = URL.canParse(to) ? new URL(to) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new SnapshotError('usage', `--to: not an http, https or unix address: ${JSON.stringify(to)}`, {
      advice: 'write for example --to https://vault-1:8200',
    });
  }
  // A browser and a curl have them; a proxy may well have another path before the server.
  if (/^\/(v1|ui)(\/|$)/.test(url.pathname)) {
    throw new SnapshotError('usage', `--to: ${url.pathname} does not belong to the address`, { advice: `write --to ${url.origin}` });
  }
  return to;
}

/** Of a server that follows another one, the leader is what is missing. */
export function speakOfTo(to: string | undefined, thrown: unknown): unknown {
  const spoken = speakOfFlag('addr', { name: '--to', given: to }, thrown);
  if (spoken === thrown || !(spoken instanceof SnapshotError) || spoken.code !== 'vault_standby') return spoken;
  return new SnapshotError(spoken.code, spoken.message, { cause: thrown, advice: LEADER });
}
