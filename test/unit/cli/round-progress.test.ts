import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../../src/agent/events.ts';
import { Progress } from '../../../src/cli/progress.ts';
import { RoundProgress } from '../../../src/cli/round-progress.ts';
import { FakeHost } from '../../fakes/fake-host.ts';

/** What stands on the terminal after each of these, two seconds apart. */
function shownAfter(events: readonly AgentEvent[]): readonly string[] {
  const host = new FakeHost({ isStderrTerminal: true });
  let now = 0;
  const progress = new RoundProgress(
    new Progress(
      host,
      () => undefined,
      () => now,
    ),
  );
  return events.map((event) => {
    now += 2000;
    progress.hear(event);
    return host.stderr.split('\r\u001b[K').at(-1) ?? '';
  });
}

function spool(bytes: number): AgentEvent {
  return { kind: 'spool', bytes };
}

function delivery(destination: string, state: 'tailing' | 'committing' | 'delivered', bytes: number): AgentEvent {
  return { kind: 'delivery', destination, state, bytes };
}

describe('how far a round is', () => {
  it('is what came from Vault, then the upload that has the most to go, then nothing', () => {
    const shown = shownAfter([
      spool(0),
      spool(2_000_000),
      delivery('aws', 'tailing', 500_000),
      spool(8_000_000),
      { kind: 'stage_ended', stage: 'drain', ms: 6000 },
      delivery('nas', 'tailing', 4_000_000),
      delivery('aws', 'tailing', 2_000_000),
      delivery('nas', 'committing', 8_000_000),
      delivery('aws', 'tailing', 6_000_000),
      delivery('aws', 'tailing', 8_000_000),
      delivery('aws', 'committing', 8_000_000),
    ]);
    expect(shown).toEqual([
      '',
      'from Vault: 2.00 MB, 1.00 MB/s',
      'from Vault: 2.00 MB, 500 kB/s',
      'from Vault: 8.00 MB, 1.33 MB/s',
      'from Vault: 8.00 MB, 1.33 MB/s',
      'from Vault: 8.00 MB, 1.33 MB/s',
      '[#####               ] to aws, nas: 25% of 8.00 MB, 1.00 MB/s, 6s left',
      '[#####               ] to aws, nas: 25% of 8.00 MB, 1.00 MB/s, 6s left',
      '[###############     ] to aws: 75% of 8.00 MB, 3.00 MB/s, 1s left',
      '[####################] to aws: 100% of 8.00 MB, 2.00 MB/s, 0s left',
      '',
    ]);
  });
});
