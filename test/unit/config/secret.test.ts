import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { credentialSecret, environmentSecret, fileSecret, literalSecret } from '../../../src/config/secret-source.ts';

const HIDDEN = 'hunter2';

describe('Secret', () => {
  const secret = new Secret(HIDDEN);
  const deep = { one: { two: { three: { four: [secret], map: new Map([['key', secret]]) } } } };

  it.each([
    ['a template string', `${secret}`],
    ['joining', `${['a', secret]}`],
    ['String()', String(secret)],
    ['JSON', JSON.stringify(deep)],
    ['inspect', inspect(deep, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true })],
    ['inspect without custom printing', inspect(secret, { customInspect: false, showHidden: true })],
    ['the cause of an error', inspect(new Error('failed', { cause: secret }), { depth: Number.POSITIVE_INFINITY })],
    ['its own properties', JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret), { ...secret }])],
    ['a structured clone', inspect(structuredClone(secret))],
    ['a literal source', inspect(literalSecret(HIDDEN), { depth: Number.POSITIVE_INFINITY, showHidden: true })],
  ])('does not print by %s', (_, printed) => {
    expect(printed).not.toContain(HIDDEN);
  });

  it('does not print in a log line', () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => lines.push(line) });
    log.info({ secret, deep, err: Object.assign(new Error('failed'), { secret }) }, 'with %s and %j and %o', secret, secret, secret);
    log.child({ secret }).info('child');
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain(HIDDEN);
    expect(lines[0]).toContain('"secret":"[secret]"');
  });

  it('says what it is in a text', () => {
    expect(`token ${secret}`).toBe('token [secret]');
  });

  it('gives its text to whoever asks for it by name', () => {
    expect(secret.reveal()).toBe(HIDDEN);
  });
});

describe('a secret source', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'secret-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function fileWith(text: string, mode = 0o600): Promise<string> {
    const path = join(directory, 'secret');
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  }

  it.each([
    ['hunter2', 'hunter2'],
    ['hunter2\n', 'hunter2'],
    ['hunter2\r\n', 'hunter2'],
    ['hunter2\n\n', 'hunter2\n'],
    [' hunter2 ', ' hunter2 '],
  ])('reads the file %j as %j', async (text, expected) => {
    expect((await fileSecret(await fileWith(text)).read()).reveal()).toBe(expected);
  });

  it('reads a file again at each use', async () => {
    const path = await fileWith('old');
    const source = fileSecret(path);
    await source.read();
    await writeFile(path, 'new');
    expect((await source.read()).reveal()).toBe('new');
  });

  it('refuses a file that every user can read', async () => {
    const path = await fileWith(HIDDEN, 0o604);
    const error = await fileSecret(path)
      .read()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'secret_unavailable',
      message: `${path}: every user of this host can read it`,
      advice: `run "chmod o-rwx ${path}", or mount it below /run/secrets`,
    });
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY })).not.toContain(HIDDEN);
  });

  it('takes a file its group can read', async () => {
    expect((await fileSecret(await fileWith(HIDDEN, 0o640)).read()).reveal()).toBe(HIDDEN);
  });

  it.each(['', '\n'])('refuses the empty file %j', async (text) => {
    const path = await fileWith(text);
    await expect(fileSecret(path).read()).rejects.toMatchObject({ code: 'secret_unavailable', message: `${path}: is empty` });
  });

  it('refuses what is too large to be a secret', async () => {
    await expect(fileSecret(await fileWith('x'.repeat(65_537))).read()).rejects.toMatchObject({ code: 'secret_unavailable' });
  });

  it('tells why a file cannot be read', async () => {
    await expect(fileSecret(join(directory, 'none')).read()).rejects.toMatchObject({ code: 'secret_unavailable', message: `${directory}/none: ENOENT` });
    await mkdir(join(directory, 'folder'), { mode: 0o700 });
    await expect(fileSecret(join(directory, 'folder')).read()).rejects.toMatchObject({ message: `${directory}/folder: is not a regular file` });
  });

  it('does not wait at a named pipe', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', ['-m', '600', path]);
    await expect(fileSecret(path).read()).rejects.toMatchObject({ message: `${path}: is not a regular file` });
  });

  it('reads a credential of systemd, whatever its mode', async () => {
    await fileWith('hunter2\n', 0o444);
    const source = credentialSecret('secret', { CREDENTIALS_DIRECTORY: directory });
    expect(source.origin).toBe('credential secret');
    expect((await source.read()).reveal()).toBe(HIDDEN);
  });

  it.each([{}, { CREDENTIALS_DIRECTORY: '' }])('says that there are no credentials with %j', async (env) => {
    await expect(credentialSecret('secret', env).read()).rejects.toMatchObject({
      code: 'secret_unavailable',
      advice: 'add LoadCredential=secret:/path/of/the/file to the unit',
    });
  });

  it('reads a variable, and refuses a missing or empty one', async () => {
    expect((await environmentSecret('TOKEN', { TOKEN: HIDDEN }).read()).reveal()).toBe(HIDDEN);
    await expect(environmentSecret('TOKEN', {}).read()).rejects.toMatchObject({ code: 'secret_unavailable' });
    await expect(environmentSecret('constructor', {}).read()).rejects.toMatchObject({ code: 'secret_unavailable' });
    await expect(environmentSecret('TOKEN', { TOKEN: '' }).read()).rejects.toMatchObject({ code: 'secret_unavailable' });
  });
});
