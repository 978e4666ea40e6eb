import { expect, it } from 'vitest';
import type { Environment } from '../../../src/config/secret-source.ts';
import { faultsOf, loadText } from './load-text.ts';

const login = { role_id: 'role' };

it('reads a list of named ones, each with its own times and retention', async () => {
  const { config } = await loadText({
    ...login,
    frequency: '2h',
    retain: 5,
    max_deletes: 40,
    local_storage: [
      { path: '/a' },
      { name: 'nightly', path: '/b', schedule: '0 3 * * *', retain: { daily: 7 }, max_deletes: 0 },
      { name: 'quick', path: '/c', frequency: '10m' },
    ],
    google_storage: { bucket: 'g' },
  });
  expect(config.destinations).toMatchObject([
    { name: 'local', path: '/a', retain: { last: 5 }, maxDeletes: 40, schedule: { kind: 'interval', everyMs: 7_200_000 } },
    { name: 'nightly', path: '/b', retain: { last: 0, daily: 7 }, maxDeletes: 0, schedule: { kind: 'cron', expression: '0 3 * * *', timezone: 'UTC' } },
    { name: 'quick', path: '/c', retain: { last: 5 }, schedule: { kind: 'interval', everyMs: 600_000 } },
    { name: 'gcp', kind: 'gcp', settings: { bucket: 'g' } },
  ]);
  expect(config.snapshotTimeoutMs).toBe(600_000);
});

it('overrides a schedule of the whole file by a frequency, in the time zone of the file', async () => {
  const { config } = await loadText({
    ...login,
    schedule: '0 3 * * *',
    timezone: 'Asia/Tokyo',
    local_storage: [
      { path: '/a', frequency: '1h' },
      { name: 'b', path: '/b', schedule: '0 4 * * *' },
    ],
  });
  expect(config.destinations.map(({ schedule }) => schedule)).toEqual([
    { kind: 'interval', everyMs: 3_600_000 },
    { kind: 'cron', expression: '0 4 * * *', timezone: 'Asia/Tokyo' },
  ]);
});

const NO_DESTINATION = 'no destination: the snapshot would be thrown away: give local_storage a path, or another block its bucket';

it.each([
  [{}, [NO_DESTINATION]],
  [{ local_storage: {} }, [NO_DESTINATION]],
  [{ local_storage: [] }, [NO_DESTINATION]],
  [{ local_storage: { path: '' } }, [NO_DESTINATION]],
  [{ local_storage: { path: null } }, [NO_DESTINATION]],
  [{ local_storage: { enabled: false, path: '/a' } }, [NO_DESTINATION]],
  [{ local_storage: [{ enabled: false, path: '/a' }] }, [NO_DESTINATION]],
  [{ local_storage: { retain: 3 } }, ['local_storage.path: is missing: give it, or remove the whole block']],
  [
    { local_storage: { pth: '/a' } },
    ['local_storage.pth: unknown key: did you mean "path"?', 'local_storage.path: is missing: give it, or remove the whole block'],
  ],
  [{ local_storage: [{ path: '/a' }, { name: 'b', path: '' }] }, ['local_storage[1].path: is missing: give it, or remove the whole block']],
  [{ aws_storage: { s3_region: 'eu' } }, ['aws_storage.s3_bucket: is missing: give it, or remove the whole block']],
  [{ local_storage: '/a' }, ['local_storage: must be an object or a list of objects, got "/a": write {…} with the keys of docs/config.md']],
  [{ local_storage: [[]] }, ['local_storage[0]: must be an object or a list of objects, got a list: write {…} with the keys of docs/config.md']],
  [{ local_storage: [{ path: '/a' }, { path: '/b' }] }, ['local_storage[1].name: must be unique, got "local": give each destination a name of its own']],
  [
    { local_storage: { name: 'gcp', path: '/a' }, google_storage: { bucket: 'g' } },
    ['google_storage.name: must be unique, got "gcp": give each destination a name of its own'],
  ],
  [
    { local_storage: [{ path: '/a/b' }, { name: 'b', path: '/a/./b/' }] },
    ['local_storage[1].path: must be a place of its own, got that of "local": write another one'],
  ],
  [
    { local_storage: { name: 'My Disk', path: '/a' } },
    ['local_storage.name: must be a name of a-z, 0-9, "-" and "_", got "My Disk": it becomes a label in metrics and logs: keep to these characters'],
  ],
  [
    { local_storage: { path: '/a', frequency: '1h', schedule: '@daily' } },
    ['local_storage.schedule: stands beside local_storage.frequency: remove one of the two'],
  ],
  [
    { azure_storage: { container_name: 'c' } },
    [
      'azure_storage.account_name: is missing: give it, or set AZURE_STORAGE_ACCOUNT',
      'azure_storage.account_key: is missing: give it, or set AZURE_STORAGE_ACCESS_KEY, or log in with sas_token, connection_string or identity',
    ],
  ],
])('refuses %j', async (keys, faults) => {
  expect(await faultsOf({ ...login, ...keys })).toEqual(faults);
});

it('does not read what a block says that is off', async () => {
  const { config } = await loadText({ ...login, local_storage: { path: '/a' }, aws_storage: { s3_bucket: '', s3_region: '<region>' }, google_storage: {} });
  expect(config.destinations.map(({ name }) => name)).toEqual(['local']);
  expect(config.warnings).toEqual(['aws_storage.s3_bucket: is empty or switched off: nothing goes there, whatever else the block says']);
});

const azureEnv: Environment = { AZURE_STORAGE_ACCOUNT: 'ofenv', AZURE_STORAGE_ACCESS_KEY: 'key-of-env' };

it.each([
  ['beats a single block, as with the ancestor', { container_name: 'c', account_name: 'offile', account_key: 'k' }, 'ofenv', 'env AZURE_STORAGE_ACCESS_KEY'],
  ['leaves a list to itself', [{ container_name: 'c', account_name: 'offile', account_key: 'k' }], 'offile', 'literal'],
  ['fills what a list leaves out', [{ container_name: 'c', account_name: 'offile' }], 'offile', 'env AZURE_STORAGE_ACCESS_KEY'],
])('the environment of Azure %s', async (_, azure_storage, account_name, origin) => {
  const { config } = await loadText({ ...login, azure_storage }, azureEnv);
  expect(config.destinations).toMatchObject([{ name: 'azure', settings: { login: { account: account_name, key: { origin } } } }]);
});

it('does not switch Azure on by its environment', async () => {
  const { config } = await loadText({ ...login, local_storage: { path: '/a' }, azure_storage: {} }, azureEnv);
  expect(config.destinations.map(({ name }) => name)).toEqual(['local']);
  expect(config.warnings).toEqual([]);
});

it.each([
  [{ access_key_id: 'a', secret_access_key: 'b' }, {}, []],
  [{ access_key_id: 'a' }, { SECRET_ACCESS_KEY: 'b' }, []],
  [{}, { SECRET_ACCESS_KEY: 'b' }, []],
  [{ access_key_id: 'a' }, {}, ['aws_storage.access_key_id: is not used: static credentials need access_key_id and secret_access_key']],
  [{ secret_access_key: 'b' }, {}, ['aws_storage.secret_access_key: is not used: static credentials need access_key_id and secret_access_key']],
])('warns when half of the S3 credentials is missing: %j with %j', async (keys, env: Environment, warnings) => {
  const { config } = await loadText({ ...login, aws_storage: { s3_bucket: 'b', ...keys } }, env);
  expect(config.warnings).toEqual(warnings);
});

it('reads every key the ancestor has for S3', async () => {
  const block = {
    access_key_id: 'a',
    secret_access_key: { file: '/k' },
    s3_endpoint: 'http://minio:9000',
    s3_region: 'eu',
    s3_bucket: 'b',
    s3_key_prefix: '',
    s3_server_side_encryption: true,
    s3_static_snapshot_name: 'latest',
    s3_force_path_style: true,
    s3_disable_ssl: true,
  };
  const { config } = await loadText({ ...login, aws_storage: block });
  expect(config.destinations).toMatchObject([
    { settings: { ...block, access_key_id: { origin: 'literal' }, secret_access_key: { origin: 'file /k' }, s3_key_prefix: 'raft_snapshots' } },
  ]);
});
