import { describe, expect, it } from 'vitest';
import { HELP, parseCommand } from '../../../src/cli/arguments.ts';

const DAEMON = { verb: 'daemon', configPath: '/etc/vault.d/snapshot.json', envFile: undefined, json: false };
const PRUNE = { ...DAEMON, verb: 'prune', destination: undefined, isDryRun: false, maxDeletes: undefined };

describe('the command line', () => {
  it.each([
    { argv: [], command: DAEMON },
    { argv: ['--config', '/a.json'], command: { ...DAEMON, configPath: '/a.json' } },
    // As the ancestor takes it.
    { argv: ['/a.json'], command: { ...DAEMON, configPath: '/a.json' } },
    { argv: ['/a.json', '--once'], command: { ...DAEMON, verb: 'once', configPath: '/a.json' } },
    { argv: ['--once', '--json'], command: { ...DAEMON, verb: 'once', json: true } },
    { argv: ['--env-file', '/e'], command: { ...DAEMON, envFile: '/e' } },
    { argv: ['check'], command: { ...DAEMON, verb: 'check', offline: false } },
    { argv: ['check', '--config=/a.json', '--offline', '--json'], command: { ...DAEMON, verb: 'check', configPath: '/a.json', offline: true, json: true } },
    { argv: ['prune', '/a.json'], command: { ...PRUNE, configPath: '/a.json' } },
    {
      argv: ['prune', '--dry-run', '--json', '--destination', 'aws', '--max-deletes', '0'],
      command: { ...PRUNE, json: true, destination: 'aws', isDryRun: true, maxDeletes: 0 },
    },
    { argv: ['--help'], command: { verb: 'help' } },
    { argv: ['-h'], command: { verb: 'help' } },
    { argv: ['help'], command: { verb: 'help' } },
    { argv: ['--version'], command: { verb: 'version' } },
    { argv: ['-v'], command: { verb: 'version' } },
    { argv: ['version'], command: { verb: 'version' } },
  ])('$argv', ({ argv, command }) => {
    expect(parseCommand(argv)).toEqual(command);
  });

  it.each([
    { argv: ['/a.json', '/b.json'], message: 'unexpected argument: "/b.json"' },
    { argv: ['/a.json', '--config', '/b.json'], message: 'unexpected argument beside --config: "/a.json"' },
    { argv: ['--offline'], message: '--offline belongs to check' },
    { argv: ['--json'], message: '--json belongs to --once, check or prune' },
    { argv: ['--dry-run'], message: '--dry-run belongs to prune' },
    { argv: ['check', '--max-deletes', '3'], message: '--max-deletes belongs to prune' },
    { argv: ['prune', '--once'], message: 'prune does not take --once' },
    { argv: ['prune', '--offline'], message: '--offline belongs to check' },
    { argv: ['prune', '--max-deletes', 'all'], message: '--max-deletes: must be a whole number of 0 or more, got "all"' },
    { argv: ['check', '--once'], message: 'check does not take --once' },
    { argv: ['--frequency', '1h'], message: "unknown option '--frequency'" },
    { argv: ['restore', '/a.snap'], message: 'restore: this version does not have it yet' },
    { argv: ['--config'], message: expect.stringContaining('--config') },
    { argv: ['--once=yes'], message: expect.stringContaining('--once') },
  ])('is refused in one line: $argv', ({ argv, message }) => {
    const parse = () => parseCommand(argv);
    expect(parse).toThrow(expect.objectContaining({ code: 'usage', exitCode: 2, message }));
  });

  it('has every flag in the help', () => {
    for (const flag of ['--config', '--env-file', '--once', '--json', '--offline', '--destination', '--dry-run', '--max-deletes'])
      expect(HELP).toContain(`  ${flag}`);
  });
});
