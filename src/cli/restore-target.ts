import { SnapshotError } from '../errors.ts';

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

/** Hints name the key of the configuration; here the address came with a flag. */
export function speakOfTo(thrown: unknown): unknown {
  if (!(thrown instanceof SnapshotError) || !thrown.advice.includes('"addr"')) return thrown;
  const advice = thrown.code === 'vault_standby' ? LEADER : thrown.advice.replaceAll('"addr"', '--to');
  return new SnapshotError(thrown.code, thrown.message, { cause: thrown, advice });
}
