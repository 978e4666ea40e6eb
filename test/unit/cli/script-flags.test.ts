import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../src/cli/arguments.ts';
import { translateScript } from '../../../src/cli/script-flags.ts';

const SCRIPT = ['restore', '-a', 'https://bao:8200', '-s', '/tmp/backup.snap', '-b', 'vault-backups', '-d', '10'];

describe('the flags of the script', () => {
  it('mean what they meant, and each says what it is called', () => {
    const { argv, notes } = translateScript(SCRIPT);
    expect(argv).toEqual(['restore', '--to', 'https://bao:8200', '--snapshot', 'latest', '--bucket', 'vault-backups', '--lose', '10d', '--check-canary']);
    expect(notes).toEqual([
      '-a is --to https://bao:8200',
      '-s is --snapshot latest: nothing is written to /tmp/backup.snap, the spool is used',
      '-b is --bucket vault-backups, or --destination with the name that the configuration gives it',
      '-d is --lose 10d --check-canary: what is older is refused before it is sent',
    ]);
  });

  it('are flags of restore', () => {
    const { flags } = parseCommand(translateScript([...SCRIPT, '--dry-run']).argv);
    expect(flags).toMatchObject({
      to: 'https://bao:8200',
      snapshot: 'latest',
      bucket: 'vault-backups',
      lose: 864_000_000,
      'check-canary': true,
      'dry-run': true,
    });
  });

  it('are known behind flags of ours, too', () => {
    const { argv } = translateScript(['--config', 'list', 'restore', '-a', 'x']);
    expect(argv).toEqual(['--config', 'list', 'restore', '--to', 'x']);
  });

  it.each([
    { what: 'of another verb', argv: ['list', '-a', 'x'] },
    { what: 'of another verb that has the word', argv: ['list', '--destination', 'restore', '-a', 'x'] },
    { what: 'of the help', argv: ['help', 'restore', '-a', 'x'] },
    { what: 'of the daemon', argv: ['-a', 'x'] },
    { what: 'without a value', argv: ['restore', '-a'] },
    { what: 'of ours', argv: ['restore', '--to', 'x', '--dry-run'] },
    { what: 'that nobody has', argv: ['restore', '-f', 'warn', 'constructor'] },
  ])('are left alone: those $what', ({ argv }) => {
    expect(translateScript(argv)).toEqual({ argv, notes: [] });
  });

  it('tell a wrong number of days by the name of ours', () => {
    expect(() => parseCommand(translateScript(['restore', '-d', 'eight']).argv)).toThrow('--lose: must be a duration such as 26h or 8d, got "eightd"');
  });
});
