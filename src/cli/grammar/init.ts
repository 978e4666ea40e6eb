import { address } from '../../config/address.ts';
import { absolutePath, frequencyDuration, text as oneText } from '../../config/formats.ts';
import { choice, keyed } from './flag.ts';
import type { Verb } from './verb.ts';

const AUTH_KINDS = ['approle', 'kubernetes', 'token_file'] as const;
const DESTINATION_KINDS = ['local', 'aws', 'gcp', 'azure'] as const;
export const DEFAULT_OUT = '/etc/vault.d';

export const INIT = {
  summary: 'write a configuration, its policy and what the unit needs',
  story:
    'Asks on a terminal for what no flag says; elsewhere, and with --yes, defaults count. Nobody is asked over the network, and no secret is asked ' +
    'for: the commands that it prints make the role and put its secret where the configuration expects it.',
  flags: {
    addr: keyed('URL', 'the listener of the Vault on this host; https://127.0.0.1:8200 if nothing is said', address),
    'ca-cert': keyed('FILE', 'the CA that signed the certificate of Vault, if the system does not know it', absolutePath, 'file'),
    auth: choice('WAY', 'how to log in: approle (if nothing is said), kubernetes or token_file', AUTH_KINDS),
    'token-path': keyed('FILE', 'with --auth token_file: the file, such as the sink of a Vault Agent', absolutePath, 'file'),
    'destination-kind': choice('KIND', 'where to: local (if nothing is said), aws, gcp or azure', DESTINATION_KINDS),
    place: keyed('PLACE', 'there: an absolute directory, a bucket, or ACCOUNT/CONTAINER of Azure', oneText),
    region: keyed('REGION', 'with aws: the region of the bucket', oneText),
    endpoint: keyed('URL', 'with aws: a server other than AWS', oneText),
    frequency: keyed('D', 'the time from one snapshot to the next; 1h if nothing is said', frequencyDuration),
    out: keyed('DIR', `where to write; ${DEFAULT_OUT} if nothing is said`, absolutePath, 'directory'),
    yes: { doc: 'ask nothing' },
    force: { doc: 'replace files that are there' },
  },
  example: {
    asked: 'vault-snapshotd init --destination-kind aws --place acme-vault --region eu-central-1 --yes',
    prints: `wrote /etc/vault.d/snapshot-policy.hcl
wrote /etc/vault.d/snapshot-unit.conf
wrote /etc/vault.d/snapshot.json
# In Vault, with a token that may write policies and roles; "bao" takes the same:
vault policy write vault-snapshotd /etc/vault.d/snapshot-policy.hcl
…`,
  },
  ok: 'everything is written',
  ends: ['usage', 'config_invalid', 'refused', 'storage_failed', 'stopped_int', 'stopped'],
} as const satisfies Verb;
