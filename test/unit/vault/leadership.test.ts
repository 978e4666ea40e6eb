import { describe, expect, it } from 'vitest';
import { canonicalAddress, decideLeadership, hostOf, type LeadershipFacts } from '../../../src/vault/leadership.ts';

const OWN = ['127.0.0.1', '::1', '10.0.0.5', 'fe80::a:b%eth0', '2001:db8::5'];
const HERE = { text: 'https://node1:8200', addresses: ['10.0.0.5'] };
const THERE = { text: 'https://node2:8200', addresses: ['10.0.0.6'] };
const BALANCER = { text: 'https://vault.example:8200', addresses: ['10.0.0.99'], isUnixSocket: false };
const LOOPBACK = { text: 'https://127.0.0.1:8200', addresses: ['127.0.0.1'], isUnixSocket: false };

function decide(facts: Partial<LeadershipFacts>) {
  return decideLeadership({
    check: 'auto',
    asked: LOOPBACK,
    ownAddresses: OWN,
    isSelf: false,
    leaderHosts: [THERE],
    contact: 'unknown',
    peers: 'unasked',
    ...facts,
  });
}

describe('leadership', () => {
  it.each<{ name: string; facts: Partial<LeadershipFacts>; role: string; says: string; isAssumed?: boolean; lacking?: string }>([
    { name: 'off takes every host for the leader', facts: { check: 'off', leaderHosts: [] }, role: 'leader', says: 'leader_check is off', isAssumed: true },
    { name: 'the server on this host leads', facts: { isSelf: true }, role: 'leader', says: 'is_self of the server on this host', isAssumed: false },
    { name: 'the server on this host follows', facts: {}, role: 'standby', says: 'is false' },
    { name: 'own interface address', facts: { asked: { ...HERE, isUnixSocket: false } }, role: 'standby', says: 'the server on this host' },
    {
      name: 'own IPv6 address, written otherwise',
      facts: { asked: { text: 'https://[2001:DB8:0::5]:8200', addresses: ['2001:DB8:0:0::5'], isUnixSocket: false }, isSelf: true },
      role: 'leader',
      says: 'the server on this host',
    },
    { name: 'a unix socket', facts: { asked: { text: 'unix:///run/v.sock', addresses: [], isUnixSocket: true }, isSelf: true }, role: 'leader', says: 'unix' },
    {
      name: 'hidden addresses of a leader on this host',
      facts: { isSelf: true, leaderHosts: [] },
      role: 'leader',
      says: 'is_self of the server on this host',
    },
    { name: 'hidden addresses of a standby that knows its leader', facts: { leaderHosts: [], contact: 'good' }, role: 'standby', says: 'is false' },
    { name: 'an election', facts: { leaderHosts: [] }, role: 'undecided', says: 'no leader is known', lacking: 'leader' },
    { name: 'a leader no longer heard', facts: { contact: 'lost' }, role: 'undecided', says: 'no longer hears', lacking: 'leader' },
    { name: 'a server that leads, and hears of no other', facts: { isSelf: true, contact: 'lost' }, role: 'leader', says: 'the server on this host' },
    {
      name: 'loopback, on a host that does not tell its own addresses',
      facts: { asked: LOOPBACK, ownAddresses: [], isSelf: true },
      role: 'leader',
      says: 'the server on this host',
    },
    {
      name: 'loopback of IPv6, on a host that does not tell its own addresses',
      facts: { asked: { text: 'https://[::1]:8200', addresses: ['::1'], isUnixSocket: false }, ownAddresses: [], isSelf: true },
      role: 'leader',
      says: 'the server on this host',
    },
    {
      name: 'a name that has another address besides that of this host',
      facts: { asked: { text: 'https://node1:8200', addresses: ['192.0.2.1', '10.0.0.5'], isUnixSocket: false }, isSelf: true },
      role: 'leader',
      says: 'the server on this host',
    },
    {
      name: 'addresses that are none, here and there',
      facts: { asked: { text: 'https://x:8200', addresses: ['x'], isUnixSocket: false }, ownAddresses: ['y'], isSelf: true },
      role: 'undecided',
      says: 'addr is not this host',
    },
    { name: 'a leader no longer heard, asked through is_self', facts: { check: 'is_self', contact: 'lost' }, role: 'undecided', says: 'no longer hears' },
    { name: 'hidden addresses, asked through is_self', facts: { check: 'is_self', leaderHosts: [] }, role: 'standby', says: 'is false' },
    {
      name: 'behind a balancer, leader is this host',
      facts: { asked: BALANCER, leaderHosts: [HERE] },
      role: 'leader',
      says: "the leader's address https://node1:8200 is of this host",
      isAssumed: false,
    },
    {
      name: 'behind a balancer, the leader has another address besides that of this host',
      facts: { asked: BALANCER, leaderHosts: [{ text: 'https://node1:8200', addresses: ['192.0.2.1', '10.0.0.5'] }] },
      role: 'leader',
      says: 'is of this host',
    },
    {
      name: 'behind a balancer, mapped IPv4',
      facts: { asked: BALANCER, leaderHosts: [{ text: 'x', addresses: ['::ffff:10.0.0.5'] }] },
      role: 'leader',
      says: 'is of this host',
    },
    {
      name: 'behind a balancer, zone id',
      facts: { asked: BALANCER, leaderHosts: [{ text: 'x', addresses: ['fe80::A:B%en1'] }] },
      role: 'leader',
      says: 'is of this host',
    },
    {
      name: 'behind a balancer, only the cluster address is of this host',
      facts: { asked: BALANCER, leaderHosts: [{ text: 'https://vault.example', addresses: ['10.0.0.99'] }, HERE] },
      role: 'leader',
      says: HERE.text,
    },
    {
      name: 'behind a balancer, everybody has loopback as api_addr',
      facts: { asked: BALANCER, isSelf: true, leaderHosts: [{ text: 'http://127.0.0.1:8200', addresses: ['127.0.0.1'] }] },
      role: 'undecided',
      says: 'addr is not this host',
    },
    {
      name: 'behind a balancer, is_self says nothing yet',
      facts: { asked: BALANCER, isSelf: true },
      role: 'undecided',
      says: 'addr is not this host',
      lacking: 'peers',
    },
    {
      name: 'behind a balancer, a peer that follows',
      facts: {
        asked: BALANCER,
        isSelf: true,
        peers: [
          { ...HERE, isLeader: false },
          { ...THERE, isLeader: true },
        ],
      },
      role: 'standby',
      says: 'another one leads',
    },
    {
      name: 'behind a balancer, hidden addresses, the leading peer',
      facts: { asked: BALANCER, isSelf: true, leaderHosts: [], peers: [{ ...HERE, isLeader: true }] },
      role: 'leader',
      says: 'as leader',
      isAssumed: false,
    },
    {
      name: 'away from the servers',
      facts: { asked: BALANCER, isSelf: true, peers: [{ ...THERE, isLeader: true }] },
      role: 'leader',
      says: 'no server of the cluster',
      isAssumed: false,
    },
    {
      name: 'away, configuration not readable',
      facts: { asked: BALANCER, isSelf: true, peers: 'unreadable' },
      role: 'leader',
      says: 'not readable',
      isAssumed: true,
    },
    { name: 'away, a standby behind the balancer', facts: { asked: BALANCER, peers: 'unreadable' }, role: 'standby', says: 'is false' },
    { name: 'ip: leader here', facts: { check: 'ip', asked: BALANCER, leaderHosts: [HERE] }, role: 'leader', says: 'is of this host' },
    { name: 'ip: leader elsewhere, whatever is_self says', facts: { check: 'ip', isSelf: true }, role: 'standby', says: 'https://node2:8200' },
    {
      name: 'ip: leader elsewhere, under two addresses',
      facts: { check: 'ip', leaderHosts: [THERE, { text: 'https://node2:8201', addresses: ['10.0.0.6'] }] },
      role: 'standby',
      says: 'the leader is at https://node2:8200, https://node2:8201',
    },
    { name: 'ip: hidden addresses', facts: { check: 'ip', isSelf: true, leaderHosts: [] }, role: 'standby', says: 'does not tell' },
    {
      name: 'is_self behind a balancer',
      facts: { check: 'is_self', asked: BALANCER, isSelf: true },
      role: 'leader',
      says: 'leader_check wants',
      isAssumed: false,
    },
  ])('$name: $role', ({ facts, role, says, isAssumed, lacking }) => {
    const decision = decide(facts);
    expect(decision.role).toBe(role);
    expect(decision.reason).toContain(says);
    if (isAssumed !== undefined) expect(decision).toHaveProperty('isAssumed', isAssumed);
    if (lacking !== undefined) expect(decision).toHaveProperty('lacking', lacking);
  });

  it.each([
    ['10.0.0.5', '10.0.0.5'],
    ['[2001:DB8::0:5]', '2001:db8::5'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:192.168.1.9', '192.168.1.9'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['node1', undefined],
    ['', undefined],
    ['1.2.3', undefined],
    ['999.1.1.1', undefined],
    ['x@10.0.0.5:', undefined],
    ['x@10.0.0.5', undefined],
    ['10.0.0.5/x', undefined],
    ['10.0[.0.5', undefined],
    ['10.0].0.5', undefined],
    ['x]@[::1', undefined],
    ['::1]/x[', undefined],
    [' 192.168.10.20 ', '192.168.10.20'],
    ['::ffff:255.255.255.255', '255.255.255.255'],
    ['2001:db8::ffff:a00:5', '2001:db8::ffff:a00:5'],
    ['::ffff:1:2:3', '::ffff:1:2:3'],
  ])('writes the address %s as %s', (text, plain) => {
    expect(canonicalAddress(text)).toBe(plain);
  });

  it.each([
    ['https://Node1.Example.:8200/', 'node1.example'],
    ['https://[2001:db8::1]:8200', '2001:db8::1'],
    ['https://[fe80::1%25eth0]:8201', 'fe80::1'],
    ['node2:8201', 'node2'],
    ['10.1.1.1:8201', '10.1.1.1'],
    [' node2:8201 ', 'node2'],
    ['unix:///run/vault.sock', undefined],
    ['', undefined],
    ['https://', undefined],
  ])('finds the host in %s', (text, host) => {
    expect(hostOf(text)).toBe(host);
  });
});
