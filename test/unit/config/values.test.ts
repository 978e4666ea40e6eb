import { describe, expect, it } from 'vitest';
import { renderEffective } from '../../../src/config/effective.ts';
import { faultsOf, loadText, sound } from './load-text.ts';

const GO_UNITS = 'must be a duration such as "90s" or "1h30m" (units ns us ms s m h)';

describe('a wrong value', () => {
  it.each([
    [{ frequency: '3600' }, `frequency: ${GO_UNITS}, got "3600": write the unit too, for example "3600s"`],
    [{ frequency: 3600 }, `frequency: ${GO_UNITS}, got 3600: write it with a unit and in quotes, for example "3600s"`],
    [{ frequency: '0' }, 'frequency: must be at least 1s, got "0": write a longer one'],
    [{ frequency: '-1h' }, 'frequency: must be at least 1s, got "-1h": write a longer one'],
    [{ frequency: '999ms' }, 'frequency: must be at least 1s, got "999ms": write a longer one'],
    [{ frequency: 'hourly' }, `frequency: ${GO_UNITS}, got "hourly": write numbers with their units, for example "1h30m"`],
    [{ frequency: '1d' }, `frequency: ${GO_UNITS}, got "1d": Go knows no days and weeks, and neither did the agent before: write hours, for example "24h"`],
    [{ frequency: ['1h'] }, `frequency: ${GO_UNITS}, got a list: write a duration in quotes`],
    [{ retain: '72' }, 'retain: must be a whole number or {last, hourly, daily, weekly, monthly, yearly, within}, got "72": write 72 without quotes'],
    [{ retain: 72.5 }, 'retain: must be a whole number, got 72.5: write it without fraction and exponent, for example 72'],
    [{ retain: true }, 'retain: must be a whole number or {last, hourly, daily, weekly, monthly, yearly, within}, got true: write for example 72'],
    [{ retain: {} }, 'retain: would keep nothing, got an object: keep at least one, or write 0 to keep everything'],
    [{ retain: { last: 0, daily: 0, within: '0s' } }, 'retain: would keep nothing, got an object: keep at least one, or write 0 to keep everything'],
    [{ retain: { last: -1 } }, 'retain: has a wrong "last", got an object: write a whole number of 0 or more'],
    [{ retain: { within: 30 } }, 'retain: has a wrong "within", got an object: write a duration such as "30d"'],
    [{ retain: { last: 1, hours: 2 } }, 'retain: knows no "hours", got an object: it takes last, hourly, daily, weekly, monthly, yearly and within'],
    [{ max_deletes: '5' }, 'max_deletes: must be a whole number of 0 or more, got "5": write it without quotes, sign, fraction and exponent'],
    [{ max_deletes: -1 }, 'max_deletes: must be a whole number of 0 or more, got -1: write it without quotes, sign, fraction and exponent'],
    [{ max_deletes: 1e3 + 0.5 }, 'max_deletes: must be a whole number of 0 or more, got 1000.5: write it without quotes, sign, fraction and exponent'],
    [{ addr: 'vault:8200' }, 'addr: must be an address such as "https://127.0.0.1:8200", got "vault:8200": begin it with https://'],
    [{ addr: 'https://' }, 'addr: must be an address such as "https://127.0.0.1:8200", got "https://": write scheme, host and port'],
    [{ addr: 'https://v:99999' }, 'addr: must be an address such as "https://127.0.0.1:8200", got "https://v:99999": write scheme, host and port'],
    [{ addr: 'https://user:hunter2@v:8200' }, 'addr: must not hold a user or password, got [secret]: remove everything up to the "@"'],
    [
      { vault_auth_method: 'K8S' },
      'vault_auth_method: must be one of approle, k8s, kubernetes, token, got "K8S": write one of approle, k8s, kubernetes, token',
    ],
    [
      { approle: '../sys' },
      'approle: must be the path of an auth method, such as "approle", got "../sys": write what "vault auth list" shows, without "auth/"',
    ],
    [
      { role_id: 7 },
      'role_id: must be a string, {"file": "/path"}, {"env": "NAME"} or {"credential": "name"}, got [secret]: write the secret itself or exactly one reference',
    ],
    [
      { role_id: { file: 'relative' } },
      'role_id: must be a string, {"file": "/path"}, {"env": "NAME"} or {"credential": "name"}, got [secret]: write the whole path of the file from "/"',
    ],
    [
      { secret_id: { credential: '../etc/shadow' } },
      'secret_id: must be a string, {"file": "/path"}, {"env": "NAME"} or {"credential": "name"}, got [secret]: write the name of a systemd credential, without slashes',
    ],
    [{ secret_id: 'hunter2\n' }, 'secret_id: must be one line, got [secret]: remove the line break or other control character'],
    [{ local_storage: { path: 'snapshots' } }, /^local_storage\.path: must be an absolute path, got "snapshots": write the whole path/],
    [{ daemon: 'false' }, 'daemon: must be true or false, got "false": write true or false, without quotes'],
    [{ namespace: ' team' }, 'namespace: must be text, got " team": remove the white space around it'],
    [{ timezone: 'Mars/Base' }, 'timezone: must be a time zone such as "Europe/Berlin", got "Mars/Base": write an IANA name, or "UTC"'],
    [{ cluster: { id: 'prod' } }, 'cluster.id: must be a UUID, got "prod": write the cluster_id that "vault status" shows'],
    [{ log: { level: 'loud' } }, 'log.level: must be one of debug, info, warn, error, got "loud": write one of debug, info, warn, error'],
    [{ tls: [] }, 'tls: must be an object, got a list: write {…} with the keys of docs/config.md'],
    [{ tls: { client_cert: '/c.pem' } }, 'tls.client_key: is missing: a client certificate needs both client_cert and client_key'],
    [{ stall_timeout: '0s' }, 'stall_timeout: must be at least 1s, got "0s": write a longer one'],
    [{ jitter: '-1s' }, 'jitter: must not be negative, got "-1s": write a longer one'],
    [{ jitter: '1h' }, 'jitter: must be shorter than the interval of 1h, got 1h: write a shorter one'],
    [{ name_template: 'snapshot.snap' }, 'name_template: has no time in it, got "snapshot.snap": add {time} or {unix_ns}'],
    [{ frequency: '9999999h' }, /^frequency: .*got "9999999h": it is longer than the 292 years that Go can count: write a shorter one$/],
    [{ stop_grace: '99999w' }, /^stop_grace: .*got "99999w": it is longer than the 292 years/],
    [{ stop_grace: '1.5d' }, /^stop_grace: .*got "1.5d": write numbers with their units/],
    [{ frequency: '1H' }, /^frequency: .*got "1H": write numbers with their units/],
    [{ retain: 1e20 }, 'retain: is beyond all counting, got 100000000000000000000: write a smaller number, or 0 to keep everything'],
    [{ spool_path: `/${'x'.repeat(200)}\n` }, /^spool_path: must be an absolute path, got "\/x{1,80}…": remove the line break/],
  ])('is refused: %j', async (keys, fault) => {
    const faults = await faultsOf(sound(keys));
    expect(faults).toEqual([typeof fault === 'string' ? fault : expect.stringMatching(fault)]);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('is told together with all the others', async () => {
    const faults = await faultsOf({
      frequency: '0',
      retain: '1',
      colour: 'red',
      secret_id: { file: 'x' },
      aws_storage: { s3_force_path_style: 'yes', s3_bucket: 'b' },
    });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['colour', 'secret_id', 'frequency', 'retain', 'role_id', 'aws_storage.s3_force_path_style']);
  });
});

describe('a right value', () => {
  it.each([
    [{ frequency: '1h30m' }, { schedule: { everyMs: 5_400_000 } }],
    [{ frequency: '1.5h' }, { schedule: { everyMs: 5_400_000 } }],
    [{ frequency: '' }, { schedule: { everyMs: 3_600_000 } }],
    [{ retain: 0 }, { destinations: [{ retain: { last: 0 } }] }],
    [
      { retain: -1 },
      { destinations: [{ retain: { last: 0 } }], warnings: ['retain: a negative number keeps everything, as with the ancestor; 0 says the same'] },
    ],
    [{ retain: { last: 3, Daily: 7, within: '2w', yearly: null } }, { destinations: [{ retain: { last: 3, daily: 7, withinMs: 1_209_600_000, yearly: 0 } }] }],
    [{ frequency: '15s' }, { snapshotTimeoutMs: 300_000 }],
    [{ frequency: '20m' }, { snapshotTimeoutMs: 1_200_000 }],
    [{ frequency: '24h' }, { snapshotTimeoutMs: 3_600_000 }],
    [{ snapshot_timeout: '1d' }, { snapshotTimeoutMs: 86_400_000 }],
    [{ jitter: '59m' }, { jitterMs: 3_540_000 }],
    [{ addr: 'unix:///run/vault.sock' }, { vault: { address: 'unix:///run/vault.sock' } }],
    [{ addr: 'http://[::1]:8200' }, { warnings: [] }],
    [{ addr: 'http://127.0.0.2:8200' }, { warnings: [] }],
    [{ addr: 'http://10.0.0.1:8200' }, { warnings: ['addr: plain http: the token and the snapshot cross the network readable to all; use https'] }],
    [{ approle: '/team//approle/' }, { vault: { auth: { mount: 'team/approle' } } }],
    [{ secret_id: 'a<b>c$ecret' }, { vault: { auth: { secretId: { origin: 'literal' } } } }],
    [
      { schedule: '*/15 * * * *', timezone: 'Europe/Berlin' },
      { schedule: { kind: 'cron', expression: '*/15 * * * *', timezone: 'Europe/Berlin' }, snapshotTimeoutMs: 900_000 },
    ],
    [{ schedule: '0 3 * * *' }, { schedule: { kind: 'cron', timezone: 'UTC' }, snapshotTimeoutMs: 3_600_000 }],
    [{ cluster: { name: 'prod', id: '0f9D7c1e-0000-4000-8000-00000000000a' } }, { cluster: { name: 'prod' } }],
    [{ name_template: '{cluster}-{time}.snap' }, { nameTemplate: '{cluster}-{time}.snap' }],
  ])('is read: %j', async (keys, expected) => {
    expect((await loadText(sound(keys))).config).toMatchObject(expected);
  });
});

describe('a schedule', () => {
  it.each([
    '@every 1h',
    '30s',
    '0 0 30 2 *',
    '60 * * * *',
    '2030-01-01T00:00:00',
    '* * * * * * *',
    'daily',
    'http://[',
  ])('is refused when it is %j', async (schedule) => {
    expect(await faultsOf(sound({ schedule }))).toEqual([
      `schedule: must be a cron expression of five or six fields that comes again and again, got "${schedule}": write for example "0 * * * *"`,
    ]);
  });

  it('cannot stand beside a frequency', async () => {
    expect(await faultsOf(sound({ schedule: '0 * * * *', frequency: '1h' }))).toEqual(['schedule: stands beside frequency: remove one of the two']);
  });
});

describe('the effective configuration', () => {
  it('shows each value with where it came from, and no secret', async () => {
    const { effective } = await loadText(
      { addr: 'https://v:8200', secret_id: 'hunter2', role_id: { file: '/run/role' }, schedule: '0 * * * *', local_storage: [{ path: '/a', retain: 3 }] },
      { VAULT_TOKEN: 'hunter3', VAULT_NAMESPACE: 'team', VAULT_ADDR: 'https://other:8200' },
    );
    const text = renderEffective(effective);
    expect(text).not.toContain('hunter');
    const lines = text.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines).toEqual(
      expect.arrayContaining([
        ['addr', 'https://v:8200', 'file'],
        ['namespace', 'team', 'env VAULT_NAMESPACE'],
        ['role_id', '[secret] (file /run/role)', 'file'],
        ['secret_id', '[secret] (literal)', 'file'],
        ['approle', 'approle', 'default'],
        ['schedule', '0 * * * *', 'file'],
        ['local_storage[0].path', '/a', 'file'],
        ['local_storage[0].retain', '3', 'file'],
        ['local_storage[0].name', 'local', 'default'],
        ['snapshot_timeout', '1h', 'default'],
      ]),
    );
    expect(lines.map(([key]) => key)).not.toEqual(expect.arrayContaining(['frequency']));
    expect(lines.map(([key]) => key)).not.toEqual(expect.arrayContaining(['token']));
  });

  it('prints nothing for nothing', () => {
    expect(renderEffective([])).toBe('');
  });
});
