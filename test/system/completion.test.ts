import { spawnSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { ROOT } from '../unit/source-tree.ts';
import { Terminal } from './terminal.ts';

const SCRIPTS = join(ROOT, 'packaging/completion');
const PATH = '/usr/bin:/bin';

/** What a shell is asked and what it offers, whichever shell. */
const CASES = [
  { words: ['ver'], offered: ['verify', 'version'] },
  { words: ['verify', '--ne'], offered: ['--newest'] },
  { words: ['completion', ''], offered: ['bash', 'fish', 'zsh'] },
  { words: ['help', 'ins'], offered: ['inspect'] },
  // The value of a flag is no command.
  { words: ['--config', 'list', 'verify', '--a'], offered: ['--all'] },
  { words: ['list', '--al'], offered: [] },
] as const;

async function withFile(): Promise<string> {
  const directory = await scratchDirectory();
  await writeFile(join(directory, 'a snapshot.json'), '');
  return directory;
}

describe('completion in bash', () => {
  function offer(words: readonly string[], cwd = '/'): readonly string[] {
    const program = `source "$0"; COMP_WORDS=(vault-snapshotd "$@"); COMP_CWORD=$#; _vault_snapshotd; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', program, join(SCRIPTS, 'vault-snapshotd.bash'), ...words], {
      encoding: 'utf8',
      cwd,
      env: { PATH },
    });
    expect(stderr).toBe('');
    return stdout
      .split('\n')
      .filter((word) => word !== '')
      .sort();
  }

  it.each(CASES)('offers $offered for $words', ({ words, offered }) => {
    expect(offer(words)).toEqual(offered);
  });

  it('offers files for a flag that takes one, also behind "="', async () => {
    const directory = await withFile();
    expect(offer(['check', '--config', 'a'], directory)).toEqual(['a snapshot.json']);
    expect(offer(['check', '--config', '=', 'a'], directory)).toEqual(['a snapshot.json']);
    expect(offer(['check', '--config', '='], directory)).toEqual(['a snapshot.json']);
    expect(offer(['list', '--destination', 'a'], directory)).toEqual([]);
  });
});

describe('completion in fish', () => {
  function offer(words: readonly string[], cwd: string): readonly string[] {
    const program = `source ${join(SCRIPTS, 'vault-snapshotd.fish')}; complete -C "vault-snapshotd ${words.join(' ')}"`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', program], { encoding: 'utf8', cwd, env: { PATH, HOME: cwd } });
    expect(stderr).toBe('');
    return stdout
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']))
      .sort();
  }

  it.each(CASES)('offers $offered for $words', async ({ words, offered }) => {
    expect(offer(words, await scratchDirectory())).toEqual(offered);
  });

  it('offers files for a flag that takes one', async () => {
    expect(offer(['check', '--config', 'a'], await withFile())).toEqual(['a snapshot.json']);
  });
});

describe('completion in zsh', () => {
  /** A person's shell, that lists all it has for a word and takes none of it. */
  async function shell(): Promise<Terminal> {
    const home = await mkdtemp(join(await withFile(), 'home-'));
    await writeFile(
      join(home, '.zshrc'),
      `PS1='ready> '; fpath=(${SCRIPTS} $fpath); autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' verbose no; LISTMAX=1000; setopt no_beep; cd\n`,
    );
    const terminal = new Terminal(['zsh', '-o', 'no_global_rcs', '-i'], { HOME: home, ZDOTDIR: home });
    await terminal.until('ready> ');
    return terminal;
  }

  it.each([
    { typed: 'verify --ne', becomes: 'verify --newest' },
    { typed: 'lis', becomes: 'list' },
    { typed: 'completion fi', becomes: 'completion fish' },
    { typed: 'help ins', becomes: 'help inspect' },
    { typed: '--config list verify --al', becomes: '--config list verify --all' },
    { typed: 'check --config ../a', becomes: 'check --config ../a\\ snapshot.json' },
  ])('makes of "$typed" "$becomes"', async ({ typed, becomes }) => {
    const terminal = await shell();
    terminal.type(`vault-snapshotd ${typed}\t`);
    await terminal.until(`vault-snapshotd ${becomes}`);
  });
});
