import { address } from '../../config/address.ts';
import { COLD_ENDS, CONFIG_ENDS, CONFIGURED, JSON_REPORT, STOP_ENDS, STORAGE_ENDS, THAW, VAULT_ENDS } from './common.ts';
import { choice, count, duration, type Flag, keyed, text } from './flag.ts';
import type { Verb } from './verb.ts';

const PEERS: Flag<string> = {
  value: 'URLS',
  doc: 'the other servers of the cluster to come, with commas between them: none of them may be initialised, each must answer',
  rule: 'addresses such as "https://vault-1:8200", with commas between them',
  offers: 'nothing',
  read: (given) => (given.split(',').every((one) => one === '' || 'value' in address.parse({ kind: 'string', value: one }, {})) ? given : undefined),
};

/** As Kubernetes wants it: what stands in the path of a request must not lead elsewhere. */
const LEASE: Flag<string> = {
  value: 'NAME',
  doc: 'act only while holding the Lease of this name in the namespace of this pod; where each pod fills a server of its own, name the others with --peers too',
  rule: 'the name of a Lease: small letters, digits, dots and dashes',
  offers: 'nothing',
  read: (given) => (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(given) ? given : undefined),
};

export const BOOTSTRAP = {
  summary: 'fill an empty server with the newest snapshot, once',
  story:
    'For a fresh node, in a container, job or unit beside the running server. A server that is initialised is left alone, and so is one whose peers are: it joins ' +
    'them. Else the newest snapshot that is whole goes in, the server is unsealed, and it is shown to be the cluster of the snapshot. The keys of the first ' +
    'init never leave memory.',
  flags: {
    ...CONFIGURED,
    address: keyed('URL', 'the server to fill; "addr" of the configuration if nothing is said', address),
    peers: PEERS,
    source: keyed('URL', 'where the cluster of the snapshot was: it must not serve any more', address),
    destination: text('NAME', 'take the snapshot from this destination; if nothing is said, from any that has it whole'),
    snapshot: text('NAME', 'the snapshot of this name; "latest", the newest proved one, if nothing is said'),
    fallback: count('N', 'how many older ones to try where the newest is damaged; 3 if nothing is said'),
    'if-no-snapshot': choice('WHAT', 'where there is none: "fail", or "initialise-nothing", which leaves the first init to people', [
      'fail',
      'initialise-nothing',
    ]),
    ordinal: count('N', 'act only where the name of this host ends in -N, as that of a pod of a StatefulSet does'),
    lease: LEASE,
    wait: duration('D', 'how long the server and its peers may take to answer; 10m if nothing is said'),
    'no-wait': { doc: 'do not wait for people to unseal it: end with 11' },
    ...THAW,
    'restore-timeout': duration('D', 'how long the server may take to apply the snapshot; 15m if nothing is said'),
    'state-dir': text('DIR', 'where it is noted how far it has come; the state directory if nothing is said', 'directory'),
    clean: { doc: 'empty the data directory of a server that an earlier run initialised and lost; the server must not run' },
    'data-dir': text('DIR', 'that data directory: "path" of the raft storage', 'directory'),
    'dry-run': { doc: 'choose, prove and compare; nothing is touched' },
    ...JSON_REPORT,
  },
  apart: ['ordinal', 'lease'],
  needs: { clean: 'data-dir', 'data-dir': 'clean' },
  example: {
    asked: 'vault-snapshotd bootstrap --ordinal 0 --peers http://vault-1:8200,http://vault-2:8200',
    prints: `bootstrap: raft_snapshot-1767323045000000000.snap, 1 h old, restored in 41 s: canary-read`,
  },
  ok: 'restored; or nothing was to be done, and it says why',
  ends: [
    ...CONFIG_ENDS,
    'refused',
    'cluster_mismatch',
    'server_too_old',
    'source_alive',
    'bootstrap_running',
    'lease_denied',
    'lease_unavailable',
    'lease_lost',
    ...COLD_ENDS,
    'no_snapshot',
    'no_good_snapshot',
    'half_done',
    'init_failed',
    'server_refused',
    'upload_cut',
    'restore_timeout',
    'target_lost',
    'wrong_unseal_keys',
    'node_removed',
    'seal_mismatch',
    'canary_missing',
    'canary_differs',
    'level_installed',
    ...VAULT_ENDS,
    'spool_no_space',
    'spool_failed',
    ...STORAGE_ENDS,
    ...STOP_ENDS,
  ],
} as const satisfies Verb;
