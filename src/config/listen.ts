import { isLoopback, type ListenSettings, type listenTable, showPlace } from '../observability/listen-config.ts';
import type { Block, Findings } from './block.ts';

/** Undefined: no listener beside the socket in the state directory. */
export function readListen({ values, sources }: Block<typeof listenTable>, findings: Findings): ListenSettings | undefined {
  const { address: place, tls, token } = values;
  if (place === undefined) {
    if (sources.size > 0 && !sources.has('address')) findings.faults.push('listen.address: is missing: write for example "127.0.0.1:9217"');
    return undefined;
  }
  if (!isLoopback(place) && tls === undefined) {
    const danger = token === undefined ? 'whoever reaches it can read where the snapshots are' : 'the token crosses the network readable to all';
    findings.warnings.push(`listen: ${showPlace(place)} is plain http and not loopback: ${danger}; set listen.tls and listen.token`);
  }
  return { place, tls, token };
}
