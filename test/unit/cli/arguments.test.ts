import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../src/cli/arguments.ts';

const CONFIGURED = { config: undefined, 'env-file': undefined };
const AT = { ...CONFIGURED, destination: undefined };
const DAEMON = { ...CONFIGURED, once: false, json: false };
const CHECK = { ...CONFIGURED, offline: false, json: false };
const LIST = { ...AT, json: false };
const INSPECT = { ...LIST, 'prefix-depth': undefined };
const VERIFY = { ...LIST, snapshot: undefined, all: false, newest: undefined, sample: undefined, 'max-age': undefined, thaw: false, 'no-record': false };
const PRUNE = { ...LIST, 'dry-run': false, 'max-deletes': undefined };

describe('the command line', () => {
  it.each([
    { argv: [], command: { verb: 'daemon', args: [], flags: DAEMON } },
    { argv: ['daemon'], command: { verb: 'daemon', args: [], flags: DAEMON } },
    { argv: ['--config', '/a.json'], command: { verb: 'daemon', args: [], flags: { ...DAEMON, config: '/a.json' } } },
    // As the ancestor takes it.
    { argv: ['/a.json'], command: { verb: 'daemon', args: [], flags: { ...DAEMON, config: '/a.json' } } },
    { argv: ['/a.json', '--once'], command: { verb: 'daemon', args: [], flags: { ...DAEMON, config: '/a.json', once: true } } },
    { argv: ['--once', '--json'], command: { verb: 'daemon', args: [], flags: { ...DAEMON, once: true, json: true } } },
    { argv: ['--env-file', '/e'], command: { verb: 'daemon', args: [], flags: { ...DAEMON, 'env-file': '/e' } } },
    { argv: ['check'], command: { verb: 'check', args: [], flags: CHECK } },
    { argv: ['--json', 'check', '--config=/a.json'], command: { verb: 'check', args: [], flags: { ...CHECK, config: '/a.json', json: true } } },
    { argv: ['prune', '/a.json'], command: { verb: 'prune', args: [], flags: { ...PRUNE, config: '/a.json' } } },
    { argv: ['prune', '--dry-run', '--max-deletes', '0'], command: { verb: 'prune', args: [], flags: { ...PRUNE, 'dry-run': true, 'max-deletes': 0 } } },
    { argv: ['list', '/a.json', '--destination', 'aws'], command: { verb: 'list', args: [], flags: { ...LIST, config: '/a.json', destination: 'aws' } } },
    { argv: ['inspect'], command: { verb: 'inspect', args: [], flags: INSPECT } },
    { argv: ['inspect', 'a.snap', 'b', '--prefix-depth', '3'], command: { verb: 'inspect', args: ['a.snap', 'b'], flags: { ...INSPECT, 'prefix-depth': 3 } } },
    { argv: ['verify', '/x.snap', '--json'], command: { verb: 'verify', args: ['/x.snap'], flags: { ...VERIFY, json: true } } },
    { argv: ['verify', '--all', '--no-record'], command: { verb: 'verify', args: [], flags: { ...VERIFY, all: true, 'no-record': true } } },
    { argv: ['verify', '--newest', '3', '--max-age', '8d'], command: { verb: 'verify', args: [], flags: { ...VERIFY, newest: 3, 'max-age': 691_200_000 } } },
    { argv: ['verify', '--sample', '10%'], command: { verb: 'verify', args: [], flags: { ...VERIFY, sample: 10 } } },
    { argv: ['--help'], command: { verb: 'help', args: [], flags: {} } },
    { argv: ['-h'], command: { verb: 'help', args: [], flags: {} } },
    { argv: ['help', 'list'], command: { verb: 'help', args: ['list'], flags: {} } },
    // Whatever else is said: who asks for help is helped.
    { argv: ['list', '--all', '--help'], command: { verb: 'help', args: ['list'], flags: {} } },
    { argv: ['--version'], command: { verb: 'version', args: [], flags: {} } },
    { argv: ['-v'], command: { verb: 'version', args: [], flags: {} } },
    { argv: ['version'], command: { verb: 'version', args: [], flags: {} } },
  ])('$argv', ({ argv, command }) => {
    expect(parseCommand(argv)).toEqual(command);
  });

  it.each([
    { argv: ['/a.json', '/b.json'], message: 'unexpected argument: "/b.json"' },
    { argv: ['/a.json', 'list'], message: 'unexpected argument: "list"' },
    { argv: ['/a.json', '--config', '/b.json'], message: 'unexpected argument beside --config: "/a.json"' },
    { argv: ['--config', ''], message: '--config: must be something, got ""' },
    { argv: [''], message: '--config: must be something, got ""' },
    { argv: ['--offline'], message: '--offline belongs to check' },
    { argv: ['--json'], message: '--json needs --once' },
    { argv: ['--max-deletes', '1'], message: '--max-deletes belongs to prune' },
    { argv: ['--max-deletes', '3', 'check'], message: '--max-deletes belongs to prune' },
    { argv: ['prune', '--once'], message: '--once belongs to daemon' },
    { argv: ['prune', '--max-deletes', 'all'], message: '--max-deletes: must be a whole number of 0 or more, got "all"' },
    { argv: ['--retain-for', '1h'], message: 'unknown flag --retain-for' },
    { argv: ['--onec'], message: 'unknown flag --onec: did you mean --once?' },
    { argv: ['bootstrap', '--fallback', '-1'], message: '--fallback needs a value: if "-1" is meant, write --fallback=-1' },
    { argv: ['bootstrap', '--fallback=-1'], message: '--fallback: must be a whole number of 0 or more, got "-1"' },
    { argv: ['list', '--destination', '--json'], message: '--destination needs a value: if "--json" is meant, write --destination=--json' },
    { argv: ['list', '--destination'], message: '--destination needs a value' },
    { argv: ['list', '--json=yes'], message: '--json takes no value' },
    { argv: ['--constructor'], message: 'unknown flag --constructor' },
    { argv: ['-x'], message: 'unknown flag -x' },
    { argv: ['inspect', 'a', 'b', 'c'], message: 'unexpected argument: "c"' },
    { argv: ['verify', 'a', 'b'], message: 'unexpected argument: "b"' },
    { argv: ['verify', '--all', '--newest', '3'], message: '--newest does not go with --all' },
    { argv: ['verify', '--sample', '0'], message: '--sample: must be a percentage from 1 to 100, got "0"' },
    { argv: ['verify', '--sample', '101%'], message: '--sample: must be a percentage from 1 to 100, got "101%"' },
    { argv: ['verify', '--max-age', 'soon'], message: '--max-age: must be a duration such as 26h or 8d, got "soon"' },
    { argv: ['bootstrap', '--address', 'vault-0:8200'], message: expect.stringMatching(/^--address: must be an address such as .*, got "vault-0:8200"$/) },
    { argv: ['bootstrap', '--source', 'vault-0'], message: expect.stringContaining('--source: must be an address') },
    { argv: ['bootstrap', '--peers', 'http://a:1,b:2'], message: expect.stringMatching(/^--peers: must be addresses such as .*, got "http:\/\/a:1,b:2"$/) },
    { argv: ['drill', '--address', 'vault-0'], message: expect.stringContaining('--address: must be an address') },
    { argv: ['help', 'a', 'b'], message: 'unexpected argument: "b"' },
    { argv: ['lsit'], message: 'unknown command "lsit": did you mean "list"?' },
    { argv: ['verfy', '--all'], message: 'unknown command "verfy": did you mean "verify"?' },
    { argv: ['--config'], message: expect.stringContaining('--config') },
    { argv: ['--once=yes'], message: expect.stringContaining('--once') },
  ])('is refused in one line: $argv', ({ argv, message }) => {
    const parse = () => parseCommand(argv);
    expect(parse).toThrow(expect.objectContaining({ code: 'usage', exitCode: 2, message }));
  });

  it.each(['./lsit', 'list.json', 'snapshots'])('takes %s for the path of a configuration', (word) => {
    expect(parseCommand([word])).toMatchObject({ verb: 'daemon', flags: { config: word } });
  });
});
