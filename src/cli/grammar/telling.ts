import type { Verb } from './verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const HELP = {
  summary: 'explain a command',
  argument: { name: 'COMMAND', doc: 'the one to explain; all of them in short if none is named', min: 0, max: 1, offers: 'command' },
  flags: {},
  example: { asked: 'vault-snapshotd help verify', prints: 'vault-snapshotd verify: read stored snapshots back and prove them again\n…' },
  ok: 'explained',
  ends: ['usage'],
} as const satisfies Verb;

export const COMPLETION = {
  summary: 'print the completion script of a shell',
  story: 'The packages install them already. By hand: source it from the startup file of bash or fish; for zsh, save it as _vault-snapshotd on the fpath.',
  argument: { name: 'SHELL', doc: 'bash, zsh or fish', min: 1, max: 1, offers: SHELLS },
  flags: {},
  example: { asked: 'vault-snapshotd completion bash', prints: '# bash completion for vault-snapshotd\n…' },
  ok: 'printed',
  ends: ['usage'],
} as const satisfies Verb;

export const VERSION_VERB = {
  summary: 'tell the version',
  flags: {},
  example: { asked: 'vault-snapshotd version', prints: 'vault-snapshotd 1.0.0' },
  ok: 'told',
  ends: ['usage'],
} as const satisfies Verb;
