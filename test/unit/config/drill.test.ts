import { expect, it } from 'vitest';
import { faultsOf, loadText, sound } from './load-text.ts';

it('takes what a drill is to do, and shows no secret of it', async () => {
  const drill = {
    binary: '/usr/bin/vault',
    probe: ['db.example.com:5432', '[2001:db8::1]:443'],
    private_dirs: ['/var/log/vault'],
    role_id: 'reader',
    secret_id: { file: '/run/secrets/drill' },
    mounts: ['secret/'],
    max_age: '2d',
    ping_url: 'https://hc.example.com/abc',
  };
  const { config, effective } = await loadText(sound({ drill, drill_schedule: '0 5 * * 0' }));
  expect(config.drill).toMatchObject({
    binary: '/usr/bin/vault',
    isolation: 'namespace',
    probe: [
      { host: 'db.example.com', port: 5432 },
      { host: '2001:db8::1', port: 443 },
    ],
    privateDirectories: ['/var/log/vault'],
    login: { mount: 'approle' },
    contents: { mounts: ['secret/'], auth: [], policies: [], paths: [] },
    maxAgeMs: 172_800_000,
  });
  expect(config.drillSchedule).toEqual({ kind: 'cron', expression: '0 5 * * 0', timezone: 'UTC' });
  const shown = effective.filter(({ key }) => key.startsWith('drill.')).map((one) => one.shown);
  expect(shown).toContain('[secret] (literal)');
  expect(shown.join(' ')).not.toMatch(/reader|abc/);
});

it.each([
  [{ drill: { secret_id: 'x' } }, 'drill.role_id: is missing'],
  [{ drill: { isolation: 'external', private_dirs: ['/var/log'] } }, 'drill.private_dirs: needs a namespace'],
  [{ drill: { seal_file: '/etc/seal.hcl' } }, 'drill.seal_file: needs its KMS'],
  [{ drill: { allow: ['kms.example.com:443'] } }, 'drill.allow: a namespace lets nothing through'],
  [{ drill: { isolation: 'none' } }, 'drill.isolation: must be one of namespace, external'],
  [{ drill: { probe: ['db'] } }, 'drill.probe: must be a list, each "host:port"'],
  [{ drill: { probe: ['db:70000'] } }, 'drill.probe: must be'],
  [{ drill: { probe: 'db:1' } }, 'drill.probe: must be'],
  [{ drill: { paths: [1] } }, 'drill.paths: must be a list'],
  [{ drill_schedule: 'sometimes' }, 'drill_schedule: must be a cron expression'],
])('refuses %j: %s', async (keys, fault) => {
  const faults = await faultsOf(sound(keys));
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(fault);
});
