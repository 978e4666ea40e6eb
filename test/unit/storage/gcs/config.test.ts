import { describe, expect, it } from 'vitest';
import type { GcsSettings } from '../../../../src/storage/gcs/config.ts';
import { faultsOf, loadText, sound } from '../../config/load-text.ts';

const KMS = 'projects/p/locations/europe/keyRings/r/cryptoKeys/k';

async function settingsOf(keys: object): Promise<{ readonly settings: GcsSettings; readonly warnings: readonly string[] }> {
  const { config } = await loadText(sound({ google_storage: { bucket: 'snaps', ...keys } }));
  const google = config.destinations.find(({ kind }) => kind === 'gcp');
  if (google?.kind !== 'gcp') throw new Error('no destination of Google');
  return { settings: google.settings, warnings: config.warnings };
}

describe('google_storage', () => {
  it('means with a bucket alone what it meant to the ancestor', async () => {
    const { settings } = await settingsOf({});
    expect(settings).toEqual({
      bucket: 'snaps',
      prefix: '',
      login: { method: 'google', keyFile: undefined },
      endpoint: 'https://storage.googleapis.com',
      caCertFile: undefined,
      kmsKey: undefined,
      storageClass: undefined,
      userProject: undefined,
    });
  });

  it('takes every key', async () => {
    const { settings } = await settingsOf({
      prefix: 'vault/prod/',
      credentials_file: '/etc/vault.d/gcs.json',
      endpoint: 'https://storage-eu.p.googleapis.com/',
      ca_cert: '/etc/ssl/own.pem',
      kms_key: KMS,
      storage_class: 'NEARLINE',
      user_project: 'payer',
    });
    expect(settings).toMatchObject({
      prefix: 'vault/prod/',
      login: { keyFile: { origin: 'file /etc/vault.d/gcs.json' } },
      endpoint: 'https://storage-eu.p.googleapis.com',
      caCertFile: '/etc/ssl/own.pem',
      kmsKey: KMS,
      storageClass: 'NEARLINE',
      userProject: 'payer',
    });
  });

  it('finds its credentials in a systemd credential', async () => {
    const { settings } = await settingsOf({ credentials_file: { credential: 'gcs' } });
    expect(settings.login).toMatchObject({ keyFile: { origin: 'credential gcs' } });
  });

  it('refuses two destinations in one folder, which would prune each other', async () => {
    const place = { bucket: 'snaps', prefix: 'prod' };
    const list = [place, { ...place, name: 'twice', prefix: 'prod/' }, { ...place, name: 'apart', prefix: 'test' }];
    expect(await faultsOf(sound({ google_storage: list }))).toEqual([
      'google_storage[1].prefix: must be a place of its own, got that of "gcp": write another one',
    ]);
  });

  it('warns of an emulator on another host', async () => {
    const { settings, warnings } = await settingsOf({ endpoint: 'http://gcs.test:4443', anonymous: true });
    expect(settings.login).toEqual({ method: 'anonymous' });
    expect(warnings.join()).toContain('google_storage.endpoint: plain http');
    expect((await settingsOf({ endpoint: 'http://127.0.0.1:4443', anonymous: true })).warnings.join()).not.toContain('plain http');
  });

  it.each([
    [{ bucket: 'gs://snaps' }, 'bucket: must be the name of a bucket, got "gs://snaps": write the name alone, without "gs://"; folders belong into "prefix"'],
    [
      { bucket: 'snaps/prod' },
      'bucket: must be the name of a bucket, got "snaps/prod": use lower-case letters, digits, ".", "_" and "-"; folders belong into "prefix"',
    ],
    [
      { prefix: '../other' },
      'prefix: must be a folder such as "vault/prod", got "../other": use letters, digits and . _ = + @ : - between single slashes, none of them first',
    ],
    [
      { credentials_file: '{"type":"service_account"}' },
      'credentials_file: must be the absolute path of a file, or {"file": "/path"}, {"env": "NAME"} or {"credential": "name"} that holds its text, got [secret]: write the path of the file from "/", not what is in it',
    ],
    [
      { endpoint: 'https://host/storage/v1' },
      'endpoint: must be an address such as "https://storage.googleapis.com", got "https://host/storage/v1": write scheme, host and port, and nothing else',
    ],
    [
      { endpoint: 'storage.googleapis.com' },
      'endpoint: must be an address such as "https://storage.googleapis.com", got "storage.googleapis.com": begin it with https:// and write the host',
    ],
    [{ endpoint: 'http://127.0.0.1:1' }, 'endpoint: would show the access token to all: begin it with https://, or set "anonymous": true'],
    [{ anonymous: true }, 'anonymous: needs google_storage.endpoint: Google takes no snapshots from strangers'],
    [
      { anonymous: true, endpoint: 'https://gcs.test', credentials_file: '/a' },
      'credentials_file: stands beside google_storage.anonymous: remove one of the two',
    ],
    [
      { anonymous: true, endpoint: 'http://127.0.0.1:1', ca_cert: '/ca.pem' },
      'ca_cert: needs https: begin google_storage.endpoint with https://, or remove it',
    ],
    [
      { kms_key: 'my-key' },
      'kms_key: must be the full name of a key, got "my-key": write projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>',
    ],
    [
      { storage_class: 'nearline' },
      'storage_class: must be one of STANDARD, NEARLINE, COLDLINE, ARCHIVE, got "nearline": write one of STANDARD, NEARLINE, COLDLINE, ARCHIVE',
    ],
    [{ project: 'p' }, 'project: unknown key: remove it, or see docs/config.md for the keys there are'],
  ])('refuses %j', async (keys, fault) => {
    expect(await faultsOf(sound({ google_storage: { bucket: 'snaps', ...keys } }))).toEqual([`google_storage.${fault}`]);
  });
});
