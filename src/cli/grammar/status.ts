import { CONFIG_ARGUMENT, CONFIGURED } from './common.ts';
import type { Verb } from './verb.ts';

export const STATUS = {
  summary: 'show how the running daemon gets on',
  story:
    'It asks over the socket "status.sock" in the state directory of the daemon, else where "listen" says. Destinations of which none has a proved snapshot as ' +
    'young as its schedule wants end it with 4; when only some have, or one missed the last round, it is 3.',
  argument: CONFIG_ARGUMENT,
  flags: { ...CONFIGURED, json: { doc: 'what /status answers, as it is' } },
  example: {
    asked: 'vault-snapshotd status',
    prints: `production: all good: newest proved snapshot 12 min old, fresh at 1 of 1 destination

  role           leader: addr is this host
  vault          https://127.0.0.1:8200, 1.21.0, reachable
  last round     taken 12 min ago (2026-01-02 03:04:05Z)
  next round     in 47 min (2026-01-02 04:04:05Z)
  token          expires in 50 min (2026-01-02 04:07:00Z)
  last verified  never
  last drill     never

DESTINATION  STATE      NEWEST      FRESH  SNAPSHOTS  SIZE     VERIFIED
local        delivered  12 min ago  fresh  72         2.29 MB  -`,
  },
  ok: 'all is well, or the daemon has just begun',
  ends: ['usage', 'stale', 'partial', 'failed', 'no_daemon'],
} as const satisfies Verb;
