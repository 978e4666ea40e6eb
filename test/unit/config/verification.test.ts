import { expect, it } from 'vitest';
import { faultsOf, loadText, sound } from './load-text.ts';

it.each([
  [{}, undefined],
  [{ verify_schedule: '0 3 * * *' }, { rule: { kind: 'cron', expression: '0 3 * * *', timezone: 'UTC' }, samplePercent: 10 }],
  [
    { verify_schedule: '0 3 * * 0', verify_sample: '0%', timezone: 'Europe/Berlin' },
    { rule: { kind: 'cron', expression: '0 3 * * 0', timezone: 'Europe/Berlin' }, samplePercent: 0 },
  ],
  [
    { verify_schedule: '0 3 1 * *', verify_sample: '100%' },
    { rule: { kind: 'cron', expression: '0 3 1 * *', timezone: 'UTC' }, samplePercent: 100 },
  ],
])('%j is read', async (keys, verification) => {
  expect((await loadText(sound(keys))).config.verification).toEqual(verification);
});

it.each([
  [{ verify_schedule: 'daily' }, 'verify_schedule: must be a cron expression of five or six fields that comes again and again, got "daily"'],
  [{ verify_schedule: '0 3 30 2 *' }, 'verify_schedule: must be a cron expression of five or six fields that comes again and again, got "0 3 30 2 *"'],
  [{ verify_sample: 10 }, 'verify_sample: must be a percentage from "0%" to "100%", got 10: write it in quotes, for example "10%"'],
  [{ verify_sample: '101%' }, 'verify_sample: must be a percentage from "0%" to "100%", got "101%": write it in quotes, for example "10%"'],
])('%j is refused', async (keys, fault) => {
  expect(await faultsOf(sound(keys))).toEqual([expect.stringContaining(fault)]);
});

it('says that a sample without a schedule has no effect', async () => {
  expect((await loadText(sound({ verify_sample: '20%' }))).config.warnings).toContain('verify_sample: has no effect without verify_schedule');
});
