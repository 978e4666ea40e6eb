import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../unit/source-tree.ts';

/** Tools the launcher may use; the PATH of a test holds these and its own `node`. */
const TOOLS = ['sh', 'readlink', 'dirname'];

describe('bin/vault-snapshotd', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'launcher-'));
    for (const folder of ['path', 'place/bin', 'place/dist']) mkdirSync(join(home, folder), { recursive: true });
    for (const tool of TOOLS)
      symlinkSync(
        spawnSync('/bin/sh', ['-c', `command -v ${tool}`])
          .stdout.toString()
          .trim(),
        join(home, 'path', tool),
      );
    copyFileSync(join(ROOT, 'bin/vault-snapshotd'), join(home, 'place/bin/vault-snapshotd'));
    writeFileSync(join(home, 'place/package.json'), '{"type":"module"}');
    writeFileSync(join(home, 'place/dist/main.js'), 'console.log(JSON.stringify({ pid: process.pid, argv: process.argv.slice(2) })); process.exitCode = 7;\n');
  });

  afterEach(() => rmSync(home, { recursive: true }));

  /** A `node` that tells this version, and else is the Node of this test. */
  function putNode(path: string, version: string): void {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else exec "${process.execPath}" "$@"; fi\n`);
    chmodSync(path, 0o755);
  }

  function launch(program = join(home, 'place/bin/vault-snapshotd')) {
    const result = spawnSync(program, ['--config', 'a file', '--once'], { env: { PATH: join(home, 'path') }, encoding: 'utf8' });
    return { status: result.status, stdout: result.stdout, stderr: result.stderr, pid: result.pid };
  }

  it.each(['v22.18.0', 'v22.21.3', 'v23.0.0', 'v24.21.0', 'v30.0.0'])('runs on %s of the PATH', (version) => {
    putNode(join(home, 'path/node'), version);
    const { status, stdout } = launch();
    expect(status).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({ argv: ['--config', 'a file', '--once'] });
  });

  it('becomes the Node it starts, so that signals and memory are those of one process', () => {
    putNode(join(home, 'path/node'), 'v24.0.0');
    const { pid, stdout } = launch();
    expect(JSON.parse(stdout)).toMatchObject({ pid });
  });

  it.each(['v20.20.2', 'v22.9.0', 'v22.17.1', 'v9.0.0'])("takes the checkout's own Node when the PATH has %s", (version) => {
    putNode(join(home, 'path/node'), version);
    putNode(join(home, 'place/node_modules/node/bin/node'), 'v24.21.0');
    expect(launch().status).toBe(7);
  });

  it.each([
    { version: 'v20.20.2', found: 'v20.20.2' },
    { version: undefined, found: 'none' },
  ])('says in one line that $found on the PATH is no Node for it', ({ version, found }) => {
    if (version !== undefined) putNode(join(home, 'path/node'), version);
    const { status, stdout, stderr } = launch();
    expect({ status, stdout, stderr }).toEqual({
      status: 69,
      stdout: '',
      stderr: `vault-snapshotd: needs Node 22.18 or newer; found ${found} on the PATH\n`,
    });
  });

  it('says in one line what to run when it is not built', () => {
    putNode(join(home, 'path/node'), 'v24.0.0');
    rmSync(join(home, 'place/dist'), { recursive: true });
    const { status, stderr } = launch();
    expect(status).toBe(69);
    expect(stderr).toBe(`vault-snapshotd: not built yet: run "npm ci && npm run build" in ${join(home, 'place')}\n`);
  });

  it('finds itself through the links that npm makes, relative and absolute', () => {
    putNode(join(home, 'path/node'), 'v24.0.0');
    mkdirSync(join(home, 'links'));
    symlinkSync('../place/bin/vault-snapshotd', join(home, 'links/relative'));
    symlinkSync(join(home, 'links/relative'), join(home, 'links/absolute'));
    expect(launch(join(home, 'links/relative')).status).toBe(7);
    expect(launch(join(home, 'links/absolute')).status).toBe(7);
  });
});
