/** An address of the cluster with what its host resolves to. */
export interface ResolvedHost {
  /** As Vault wrote it. */
  readonly text: string;
  readonly addresses: readonly string[];
}

export interface Peer extends ResolvedHost {
  readonly isLeader: boolean;
}

/** All that can be known before deciding. Addresses may be written in any way that names the same host. */
export interface LeadershipFacts {
  readonly check: 'auto' | 'ip' | 'is_self' | 'off';
  /** The configured `addr`. */
  readonly asked: ResolvedHost & { readonly isUnixSocket: boolean };
  /** Of the interfaces of this host. */
  readonly ownAddresses: readonly string[];
  /** Missing in the answer of Vault is false. */
  readonly isSelf: boolean;
  /** Both addresses of the leader, those that are not empty. */
  readonly leaderHosts: readonly ResolvedHost[];
  /** Whether the server asked hears its leader: it goes on naming one that has died, and may hide the address of one that lives. */
  readonly contact: 'good' | 'lost' | 'unknown';
  /** The raft configuration: not asked for so far, not readable for us, or its servers. */
  readonly peers: 'unasked' | 'unreadable' | readonly Peer[];
}

export type LeadershipDecision =
  | { readonly role: 'leader'; readonly reason: string; readonly isAssumed: boolean }
  | { readonly role: 'standby'; readonly reason: string }
  /** `peers`: decide again with the raft configuration. `leader`: there is none now, ask Vault again. */
  | { readonly role: 'undecided'; readonly lacking: 'peers' | 'leader'; readonly reason: string };

/** Is this host the leader? (docs/decisions/0002-leadership.md) */
export function decideLeadership(facts: LeadershipFacts): LeadershipDecision {
  if (facts.check === 'off') return { role: 'leader', reason: 'leader_check is off', isAssumed: true };
  if (!facts.isSelf && facts.contact === 'lost') {
    return { role: 'undecided', lacking: 'leader', reason: 'the server no longer hears its leader' };
  }
  if (facts.check === 'is_self') return bySelf(facts, 'is_self as leader_check wants', false);
  if (!facts.isSelf && facts.contact === 'unknown' && facts.leaderHosts.length === 0) {
    return { role: 'undecided', lacking: 'leader', reason: 'no leader is known: an election, or a Vault that hides addresses' };
  }
  if (facts.check === 'ip') return byAddress(facts) ?? { role: 'standby', reason: describeOther(facts) };
  if (isOwnServer(facts)) return bySelf(facts, `is_self of the server on this host (${facts.asked.text})`, false);
  return byAddress(facts) ?? byPeers(facts);
}

function bySelf({ isSelf }: LeadershipFacts, source: string, isAssumed: boolean): LeadershipDecision {
  if (isSelf) return { role: 'leader', reason: `${source} is true`, isAssumed };
  return { role: 'standby', reason: `${source} is false` };
}

function isOwnServer({ asked, ownAddresses }: LeadershipFacts): boolean {
  if (asked.isUnixSocket) return true;
  const own = canonical(ownAddresses);
  return asked.addresses.some((address) => isLoopback(address) || own.has(canonicalAddress(address)));
}

function byAddress(facts: LeadershipFacts): LeadershipDecision | undefined {
  const match = facts.leaderHosts.find((host) => isHere(host, facts.ownAddresses));
  return match && { role: 'leader', reason: `the leader's address ${match.text} is of this host`, isAssumed: false };
}

function byPeers(facts: LeadershipFacts): LeadershipDecision {
  if (facts.peers === 'unasked') return { role: 'undecided', lacking: 'peers', reason: 'addr is not this host' };
  if (facts.peers === 'unreadable') return bySelf(facts, 'addr is not this host and the raft configuration is not readable: is_self', true);
  const own = facts.peers.find((peer) => isHere(peer, facts.ownAddresses));
  if (own === undefined) return bySelf(facts, 'this host is no server of the cluster: is_self', false);
  if (own.isLeader) return { role: 'leader', reason: `the raft configuration names ${own.text} of this host as leader`, isAssumed: false };
  return { role: 'standby', reason: `this host is the server ${own.text} of the cluster and another one leads` };
}

function describeOther({ leaderHosts }: LeadershipFacts): string {
  if (leaderHosts.length === 0) return 'Vault does not tell the address of the leader: leader_check "ip" cannot find this host';
  return `the leader is at ${leaderHosts.map(({ text }) => text).join(', ')}`;
}

/** Loopback names every host and therefore none: each node may have it as its api_addr. */
function isHere(host: ResolvedHost, ownAddresses: readonly string[]): boolean {
  const own = canonical(ownAddresses);
  return host.addresses.some((address) => !isLoopback(address) && own.has(canonicalAddress(address)));
}

function canonical(addresses: readonly string[]): ReadonlySet<string | undefined> {
  return new Set(addresses.map(canonicalAddress).filter((address) => address !== undefined));
}

function isLoopback(address: string): boolean {
  const plain = canonicalAddress(address);
  return plain !== undefined && (plain.startsWith('127.') || plain === '::1');
}

/** One way of writing an IP address: no brackets, no zone, lower case, shortest, IPv4 where it is one. */
export function canonicalAddress(text: string): string | undefined {
  const bare = text
    .trim()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*/, '');
  const isV6 = bare.includes(':');
  const url = `http://${isV6 ? `[${bare}]` : bare}/`;
  // A URL would take `x@10.0.0.1:` for a user and a host.
  const isWellFormed = isV6 ? /^[\da-f:.]+$/i.test(bare) : /^\d+(\.\d+){3}$/.test(bare);
  if (!isWellFormed || !URL.canParse(url)) return undefined;
  const plain = new URL(url).hostname.replace(/[[\]]/g, '');
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain);
  if (mapped === null) return plain;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The host in an address as Vault tells it: with or without scheme, port, brackets, zone, slash. Undefined: none to be found. */
export function hostOf(address: string): string | undefined {
  const text = address.trim().replace(/%[^\]/]*(?=\])/, '');
  const url = text.includes('://') ? text : `https://${text}`;
  if (!URL.canParse(url)) return undefined;
  const host = new URL(url).hostname.replace(/[[\]]/g, '').replace(/\.$/, '');
  return host === '' ? undefined : host;
}
