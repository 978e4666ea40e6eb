import { describe, expect, it } from 'vitest';
import { OPTIONS, parseCommand, VERBS } from '../../../src/cli/arguments.ts';
import { HELP } from '../../../src/cli/help.ts';

const DAEMON = { verb: 'daemon', configPath: '/etc/vault.d/snapshot.json', envFile: undefined, json: false };
const PRUNE = { ...DAEMON, verb: 'prune', destination: undefined, isDryRun: false, maxDeletes: undefined };

const LIST = { ...DAEMON, verb: 'list', destination: undefined };
const INSPECT = { ...LIST, verb: 'inspect', archives: ['latest'], prefixDepth: 2, isConfigGiven: false };
const VERIFY = { ...LIST, verb: 'verify', file: undefined, selection: { kind: 'latest' }, maxAgeMs: undefined, isRecording: true };

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
    { argv: ['list', '/a.json', '--json'], command: { ...LIST, configPath: '/a.json', json: true } },
    { argv: ['inspect'], command: INSPECT },
    { argv: ['inspect', 'a.snap', 'latest', '--prefix-depth', '0'], command: { ...INSPECT, archives: ['a.snap', 'latest'], prefixDepth: 0 } },
    { argv: ['inspect', 'a.snap', '--destination', 'aws'], command: { ...INSPECT, archives: ['a.snap'], destination: 'aws', isConfigGiven: true } },
    { argv: ['inspect', 'a.snap', '--config', '/a.json'], command: { ...INSPECT, archives: ['a.snap'], configPath: '/a.json', isConfigGiven: true } },
    { argv: ['verify'], command: VERIFY },
    { argv: ['verify', '/x.snap', '--json'], command: { ...VERIFY, file: '/x.snap', json: true } },
    { argv: ['verify', '--snapshot', 'latest'], command: VERIFY },
    { argv: ['verify', '--snapshot', 'a.snap'], command: { ...VERIFY, selection: { kind: 'name', name: 'a.snap' } } },
    { argv: ['verify', '--all', '--no-record'], command: { ...VERIFY, selection: { kind: 'all' }, isRecording: false } },
    { argv: ['verify', '--newest', '3'], command: { ...VERIFY, selection: { kind: 'newest', count: 3 } } },
    { argv: ['verify', '--sample', '10%'], command: { ...VERIFY, selection: { kind: 'sample', percent: 10 } } },
    { argv: ['verify', '--max-age', '8d'], command: { ...VERIFY, maxAgeMs: 691_200_000 } },
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
    { argv: ['--config', ''], message: 'the path of the configuration is empty' },
    { argv: [''], message: 'the path of the configuration is empty' },
    { argv: ['--offline'], message: '--offline belongs to check' },
    { argv: ['--json'], message: '--json belongs to --once or a verb' },
    { argv: ['--dry-run'], message: '--dry-run belongs to prune' },
    { argv: ['check', '--max-deletes', '3'], message: '--max-deletes belongs to prune' },
    { argv: ['prune', '--once'], message: 'prune does not take --once' },
    { argv: ['prune', '--offline'], message: '--offline belongs to check' },
    { argv: ['prune', '--max-deletes', 'all'], message: '--max-deletes: must be a whole number of 0 or more, got "all"' },
    { argv: ['check', '--once'], message: 'check does not take --once' },
    { argv: ['--frequency', '1h'], message: "unknown option '--frequency'" },
    { argv: ['--destination', 'aws'], message: '--destination belongs to list, inspect, verify, prune' },
    { argv: ['list', '--all'], message: '--all belongs to verify' },
    { argv: ['inspect', 'a', 'b', 'c'], message: 'unexpected argument: "c"' },
    { argv: ['inspect', '--prefix-depth', 'deep'], message: '--prefix-depth: must be a whole number of 0 or more, got "deep"' },
    { argv: ['verify', 'a', 'b'], message: 'unexpected argument: "b"' },
    { argv: ['verify', '/x.snap', '--config', '/a.json'], message: '--config does not go with a file: "/x.snap"' },
    { argv: ['verify', '/x.snap', '--newest', '3'], message: '--newest does not go with a file: "/x.snap"' },
    { argv: ['verify', '--all', '--newest', '3'], message: '--newest does not go with --all' },
    { argv: ['verify', '--sample', '0'], message: '--sample: must be a percentage from 1 to 100, got 0' },
    { argv: ['verify', '--sample', '101%'], message: '--sample: must be a percentage from 1 to 100, got 101' },
    { argv: ['verify', '--max-age', 'soon'], message: '--max-age: must be a duration such as 26h or 8d, got "soon"' },
    { argv: ['restore', '/a.snap'], message: 'restore: this version does not have it yet' },
    { argv: ['--config'], message: expect.stringContaining('--config') },
    { argv: ['--once=yes'], message: expect.stringContaining('--once') },
  ])('is refused in one line: $argv', ({ argv, message }) => {
    const parse = () => parseCommand(argv);
    expect(parse).toThrow(expect.objectContaining({ code: 'usage', exitCode: 2, message }));
  });

  it('has every flag in the help', () => {
    for (const flag of Object.keys(OPTIONS).filter((name) => name !== 'help' && name !== 'version')) expect(HELP).toContain(`  --${flag}`);
    for (const verb of VERBS) expect(HELP).toContain(`vault-snapshotd ${verb === 'version' ? 'help | version' : verb}`);
  });
});
