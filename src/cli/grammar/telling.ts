import type { Verb } from './verb.ts';

export const HELP = {
  summary: 'explain a command',
  argument: { name: 'COMMAND', doc: 'the one to explain; all of them in short if none is named', min: 0, max: 1, offers: 'nothing' },
  flags: {},
  example: { asked: 'vault-snapshotd help verify', prints: 'vault-snapshotd verify: read stored snapshots back and prove them again\n…' },
  ok: 'explained',
  ends: ['usage'],
} as const satisfies Verb;

export const VERSION_VERB = {
  summary: 'tell the version',
  flags: {},
  example: { asked: 'vault-snapshotd version', prints: 'vault-snapshotd 1.0.0' },
  ok: 'told',
  ends: ['usage'],
} as const satisfies Verb;
