import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedBinary, SERVERS, VAULT } from '../servers/binaries.ts';
import { ROOT } from '../unit/source-tree.ts';

/** A pid that no process has: above what Linux hands out. */
const DEAD_PID = '4194305';

describe('npm run servers', () => {
  let home: string;
  let target: string;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'servers-'));
    mkdirSync(join(home, 'path'));
    for (const tool of ['sh', 'cat']) symlinkSync(join('/bin', tool), join(home, 'path', tool));
    target = await cachedBinary(VAULT, { XDG_CACHE_HOME: home });
  });

  afterEach(() => rmSync(home, { recursive: true }));

  /** A `go` that notes what it builds and then does this; `$5` is the file that `-o` names, `$6` the package. */
  function putGo(build: string): void {
    const file = join(home, 'path/go');
    writeFileSync(file, `#!/bin/sh\n[ "$1" = version ] && exit 0\nshift\necho "$6" >> "${home}/builds"\n${build}\n`);
    chmodSync(file, 0o755);
  }

  function built(): readonly string[] {
    return readFileSync(join(home, 'builds'), 'utf8').trimEnd().split('\n');
  }

  const eachOnce = SERVERS.map(({ goPackage }) => goPackage);
  const writeServer = 'echo "#!/bin/sh" > "$5"; /bin/chmod 755 "$5"';

  async function servers() {
    const env = { PATH: join(home, 'path'), XDG_CACHE_HOME: home, HOME: home };
    const child = spawn(process.execPath, [join(ROOT, 'scripts/servers.ts')], { env });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status: child.exitCode, stdout, stderr };
  }

  it('builds once, tells where, and builds nothing the second time', async () => {
    putGo(writeServer);
    const paths = await Promise.all(SERVERS.map(async (source) => [source.name, await cachedBinary(source, { XDG_CACHE_HOME: home })] as const));
    const answer = `${JSON.stringify(Object.fromEntries(paths))}\n`;
    expect(await servers()).toMatchObject({ status: 0, stdout: answer });
    expect(await servers()).toEqual({ status: 0, stdout: answer, stderr: '' });
    expect(built()).toEqual(eachOnce);
    expect(readdirSync(dirname(target))).toEqual(['vault']);
  });

  it('lets one of two runs build and the other wait for it', async () => {
    // The first waits at the first server until the second has been turned away from its lock.
    spawnSync('mkfifo', [join(home, 'go-on')]);
    putGo(`${writeServer}; [ "$6" = ${VAULT.goPackage} ] || exit 0; echo > "${home}/go-runs"; cat "${home}/go-on"`);
    const first = servers();
    while (!isThere(join(home, 'go-runs'))) await new Promise((next) => setImmediate(next));
    const second = spawn(process.execPath, [join(ROOT, 'scripts/servers.ts')], { env: { PATH: join(home, 'path'), XDG_CACHE_HOME: home, HOME: home } });
    const ended = once(second, 'close');
    const [line] = (await once(second.stderr, 'data')) as [Buffer];
    expect(line.toString()).toBe('vault: another run is building it, waiting\n');
    writeFileSync(join(home, 'go-on'), '');
    expect((await first).status).toBe(0);
    expect(await ended).toEqual([0, null]);
    expect(built()).toEqual(eachOnce);
  });

  it('takes over the lock of a run that was killed', async () => {
    putGo(writeServer);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.lock`, DEAD_PID);
    expect((await servers()).status).toBe(0);
  });

  it('leaves nothing that could be taken for a server when the build fails, and tells why', async () => {
    putGo('echo half > "$5"; echo "vault.go:1: no such thing" >&2; exit 1');
    const { status, stdout, stderr } = await servers();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('vault.go:1: no such thing');
    expect(readdirSync(dirname(target))).toEqual([]);
  });

  it('says in one line that Go is missing', async () => {
    const { status, stdout, stderr } = await servers();
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' });
    expect(stderr).toMatch(/^vault is not built yet and Go is not on the PATH: .*\n$/);
  });
});

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
