import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { faultsOf, loadText, sound } from './load-text.ts';

const FIXTURES = new URL('../../fixtures/configs/', import.meta.url);
const EVERYTHING = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };

function loadFixture(name: string, env: Readonly<Record<string, string>> = {}) {
  return loadConfig({ path: fileURLToPath(new URL(name, FIXTURES)), env });
}

describe('a file of the ancestor', () => {
  it('loads with the meaning it had', async () => {
    const { config } = await loadFixture('ancestor-filled.json');
    expect(config).toMatchObject({
      vault: {
        address: 'https://vault-1.example.org:8200',
        leaderCheck: 'auto',
        tls: { isVerificationOff: false },
        auth: { method: 'approle', mount: 'approle' },
      },
      schedule: { kind: 'interval', everyMs: 1_800_000 },
      snapshotTimeoutMs: 1_800_000,
      nameTemplate: 'raft_snapshot-{unix_ns}.snap',
      isOneShot: false,
    });
    expect(config.destinations).toMatchObject([
      { name: 'local', kind: 'local', path: '/srv/vault-snapshots', retain: { last: 24 } },
      {
        name: 'aws',
        kind: 'aws',
        retain: { last: 24 },
        settings: {
          s3_bucket: 'snapshots',
          s3_region: 'eu-central-1',
          s3_key_prefix: 'raft_snapshots',
          s3_force_path_style: true,
          s3_server_side_encryption: false,
        },
      },
    ]);
  });

  it('says of a block that is switched off but not empty that nothing goes there', async () => {
    const { config } = await loadFixture('ancestor-filled.json');
    expect(config.warnings).toContain('azure_storage.container_name: is empty or switched off: nothing goes there, whatever else the block says');
  });

  it('gives the defaults where it says nothing', async () => {
    const { config } = await loadFixture('minimal.json', { VAULT_TOKEN: 's.x' });
    expect(config).toEqual({
      path: fileURLToPath(new URL('minimal.json', FIXTURES)),
      cluster: { name: undefined, id: undefined },
      vault: {
        address: 'https://127.0.0.1:8200',
        namespace: undefined,
        leaderCheck: 'auto',
        tls: {
          caCertFile: undefined,
          caDirectory: undefined,
          clientCertFile: undefined,
          clientKeyFile: undefined,
          serverName: undefined,
          isVerificationOff: false,
        },
        auth: { method: 'token', token: { origin: 'env VAULT_TOKEN', read: expect.any(Function) } },
      },
      schedule: { kind: 'interval', everyMs: 3_600_000 },
      jitterMs: 0,
      snapshotTimeoutMs: 3_600_000,
      stallTimeoutMs: 60_000,
      stopGraceMs: 90_000,
      spoolPath: undefined,
      nameTemplate: 'raft_snapshot-{unix_ns}.snap',
      log: { level: 'info', format: 'auto' },
      recovery: { shares: [] },
      drill: {
        isolation: 'namespace',
        probe: [],
        allow: [],
        privateDirectories: [],
        contents: { mounts: [], auth: [], policies: [], paths: [] },
        maxAgeMs: 691_200_000,
        timeoutMs: 1_800_000,
      },
      notify: { healthchecks: undefined, pings: { start: undefined, success: undefined, failure: undefined }, webhooks: [], caCertFile: undefined },
      destinations: [
        {
          name: 'local',
          kind: 'local',
          path: '/snapshots',
          retain: EVERYTHING,
          alias: undefined,
          keepsHistory: true,
          schedule: { kind: 'interval', everyMs: 3_600_000 },
        },
      ],
      isOneShot: false,
      warnings: [],
    });
  });

  it('loads without any login, with a warning', async () => {
    const { config } = await loadFixture('minimal.json');
    expect(config.vault.auth).toEqual({ method: 'none' });
    expect(config.warnings).toEqual(['no way to log in is configured: Vault will refuse the snapshot; set role_id and secret_id, token_path, or VAULT_TOKEN']);
  });

  it('reads the aliases of Kubernetes that the ancestor documented and forgot', async () => {
    const { config } = await loadFixture('kubernetes.json');
    expect(config.vault.auth).toEqual({
      method: 'kubernetes',
      mount: 'kubernetes',
      role: 'snapshot',
      jwtFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    });
    expect(config.warnings).toEqual(['addr: plain http: the token and the snapshot cross the network readable to all; use https']);
  });

  it('honours what the forks added', async () => {
    const { config } = await loadFixture('fork-daemon.json');
    expect(config).toMatchObject({
      isOneShot: true,
      snapshotTimeoutMs: 60_000,
      vault: { auth: { method: 'token', token: { origin: 'literal' } }, tls: { isVerificationOff: true } },
      destinations: [{ name: 'local', path: '/snapshots' }],
    });
    expect(config.warnings).toContain('the certificate of Vault is not verified: set tls.ca_cert and remove tls.skip_verify');
    expect(config.warnings).toContain('local_storage.volume: has no effect');
  });

  it('refuses each placeholder of the sample by name, all at once, and shows no secret', async () => {
    const path = fileURLToPath(new URL('ancestor-sample.json', FIXTURES));
    const rest = 'is still the placeholder of the sample file';
    await expect(loadFixture('ancestor-sample.json')).rejects.toMatchObject({
      code: 'config_invalid',
      message: [
        `${path}: addr: ${rest}, got "http://<vault host>:8200": put the real value in its place`,
        `${path}: role_id: ${rest}, got [secret]: put the real value in its place`,
        `${path}: secret_id: ${rest}, got [secret]: put the real value in its place`,
        `${path}: aws_storage.s3_bucket: ${rest}, got "<bucket": put the real value in its place`,
        `${path}: aws_storage.s3_region: ${rest}, got "<region>": put the real value in its place`,
        `${path}: aws_storage.s3_endpoint: ${rest}, got "http://<minio>:<port": put the real value in its place`,
        `${path}: aws_storage.access_key_id: ${rest}, got [secret]: put the real value in its place`,
        `${path}: aws_storage.secret_access_key: ${rest}, got [secret]: put the real value in its place`,
      ].join('\n'),
    });
  });
});

describe('reading the file', () => {
  it.each([
    ['a byte order mark', `\ufeff${JSON.stringify(sound())}`],
    ['keys in any case', '{"ROLE_ID":"role","Secret_Id":"secret","Local_Storage":{"PATH":"/snapshots"}}'],
    [
      'null for what is left out',
      '{"role_id":"role","addr":null,"retain":null,"tls":null,"aws_storage":null,"frequency":null,"local_storage":{"path":"/snapshots","retain":null}}',
    ],
    ['a block in two parts', '{"role_id":"role","local_storage":{"path":"/snapshots"},"LOCAL_STORAGE":{}}'],
    ['the key $schema of editors', JSON.stringify(sound({ $schema: './config.schema.json' }))],
  ])('takes %s', async (_, text) => {
    expect((await loadText(text)).config.destinations).toMatchObject([{ path: '/snapshots' }]);
  });

  it('lets the later of two win, whatever its case, and says so', async () => {
    const { config } = await loadText('{"role_id":"r","retain":1,"RETAIN":2,"local_storage":{"path":"/a"},"local_storage":{"path":"/b"}}');
    expect(config.destinations).toMatchObject([{ path: '/b', retain: { last: 2 } }]);
    expect(config.warnings).toEqual([
      'retain: is there twice; the later one counts',
      'local_storage: is there twice; the later one counts',
      'local_storage.path: is there twice; the later one counts',
    ]);
  });

  it.each([
    ['', 'is empty: write {…} with the keys of docs/config.md'],
    ['[]', 'must be one object {…}'],
    ['"text"', 'must be one object {…}'],
    ['{"addr": "x",}', 'line 1, column 14: not valid JSON: expected a key in double quotes, found "}" (JSON has no comma after the last one)'],
    ['{} {}', 'line 1, column 4: not valid JSON: expected the end of the file, found "{"'],
    [Uint8Array.of(0xff, 0xfe, 0x7b, 0x00), 'not UTF-8 text: save it as UTF-8'],
  ])('refuses the content %j', async (content, fault) => {
    expect(await faultsOf(content)).toEqual([fault]);
  });

  it('gives up a file that has no end', async () => {
    await expect(loadConfig({ path: '/dev/zero', env: {} })).rejects.toMatchObject({
      code: 'config_unreadable',
      message: '/dev/zero: more than 16 MiB: is this the right file?',
    });
  });

  it('tells a file that is not there from a directory and from a link to itself', async () => {
    const path = await mkdtemp(join(tmpdir(), 'config-'));
    await expect(loadConfig({ path, env: {} })).rejects.toMatchObject({ code: 'config_unreadable', exitCode: 78, message: `${path}: is a directory` });
    await symlink(join(path, 'circle'), join(path, 'circle'));
    await expect(loadConfig({ path: join(path, 'circle'), env: {} })).rejects.toMatchObject({
      message: `${path}/circle: its symbolic links lead in a circle`,
    });
    await rm(path, { recursive: true });
    await expect(loadConfig({ path, env: {} })).rejects.toMatchObject({ code: 'config_unreadable', message: `${path}: no such file` });
  });

  it('warns of secrets in a file that every user can read', async () => {
    const { config } = await loadText(sound({ secret_id: { env: 'SECRET_ID' } }), {}, 0o644);
    expect(config.warnings).toEqual([expect.stringMatching(/^every user of this host can read role_id in \/.*: run chmod o-rwx \/.*snapshot\.json$/)]);
    expect((await loadText(sound(), {}, 0o640)).config.warnings).toEqual([]);
  });
});

describe('a key nobody knows', () => {
  it.each([
    [{ adr: 'x' }, 'adr: unknown key: did you mean "addr"?'],
    [{ secretid: 'x' }, 'secretid: unknown key: did you mean "secret_id"?'],
    [{ Reatin: 3 }, 'Reatin: unknown key: did you mean "retain"?'],
    [{ local_storag: {} }, 'local_storag: unknown key: did you mean "local_storage"?'],
    [{ s3_bucket: 'x' }, 's3_bucket: unknown key: did you mean "aws_storage.s3_bucket"?'],
    [{ ca_cert: '/x' }, 'ca_cert: unknown key: did you mean "tls.ca_cert"?'],
    [{ tls: { cacert: '/x' } }, 'tls.cacert: unknown key: did you mean "ca_cert"?'],
    [{ vault_auth_rol: 'x' }, 'vault_auth_rol: unknown key: did you mean "vault_auth_role"?'],
    [{ log: { levle: 'info' } }, 'log.levle: unknown key: did you mean "level"?'],
    [{ flux_capacitor: 1 }, 'flux_capacitor: unknown key: remove it, or see docs/config.md for the keys there are'],
    [{ nothing: null }, 'nothing: unknown key: remove it, or see docs/config.md for the keys there are'],
    [{ local_storage: [{ path: '/a', retian: 1 }] }, 'local_storage[0].retian: unknown key: did you mean "retain"?'],
  ])('is refused with the nearest one: %j', async (keys, fault) => {
    expect(await faultsOf(sound(keys))).toEqual([fault]);
  });

  it.each([
    [{ file_encryption_pass: 'hunter2' }, /^file_encryption_pass: .*s3_server_side_encryption\)$/],
    [{ swift_storage: { container: 'x' } }, /^swift_storage: .*use aws_storage/],
  ])('of a fork that cannot be honoured is explained: %j', async (keys, fault) => {
    const faults = await faultsOf(sound(keys));
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('of a fork is let be when it is empty', async () => {
    expect(await faultsOf(sound({ file_encryption_pass: '', swift_storage: {} }))).toEqual([]);
  });
});
