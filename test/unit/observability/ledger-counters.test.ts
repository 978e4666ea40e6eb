import { describe, expect, it } from 'vitest';
import type { AgentEvent, DeliveryState, TimedStage } from '../../../src/agent/events.ts';
import type { Stage } from '../../../src/agent/report.ts';
import { counters } from '../../agent/ledger.ts';
import { Seeded } from '../../fakes/seeded.ts';
import { someManifest } from '../snapshot/some-manifest.ts';
import { aLedger, BROKEN, FAILED, place, planOf, TAKEN } from './some-ledger.ts';

describe('counters', () => {
  const STAGES: readonly Stage[] = ['leadership', 'auth', 'drain', 'spool', 'verify', 'upload', 'commit', 'readback', 'manifest'];
  const TIMED: readonly TimedStage[] = ['drain', 'upload', 'commit', 'readback', 'prune'];
  const STATES: readonly DeliveryState[] = ['waiting', 'tailing', 'committing', 'delivered', 'missed'];

  function anyEvent(random: Seeded): AgentEvent {
    const destination = random.pick(['aws', 'disk', 'gone']);
    const error = random.chance(0.5) ? BROKEN : undefined;
    const schedules = ['default', 'nightly'].filter(() => random.chance(0.7));
    return random.pick<() => AgentEvent>([
      () => ({ kind: 'leadership', role: random.pick(['leader', 'standby']), reason: '', appliedIndex: BigInt(random.whole(100)) }),
      () => ({ kind: 'leadership_unknown', error: BROKEN }),
      () => ({ kind: 'round_began', roundId: 'r', destinations: [destination], schedules }),
      () => ({ kind: 'delivery', destination, state: random.pick(STATES), bytes: random.whole(1_000) }),
      () => ({ kind: 'missed', destination, stage: random.pick(STAGES), error: BROKEN }),
      () => ({ kind: 'upload_retried', destination, error: BROKEN }),
      () => ({ kind: 'stage_ended', stage: random.pick(TIMED), ms: random.whole(random.pick([100, 10_000])) }),
      () => ({ kind: 'round_ended', roundId: 'r', schedules, report: random.pick([TAKEN, FAILED]) }),
      () => ({ kind: 'ticks_skipped', schedule: random.pick(['default', 'nightly']), count: random.whole(5) }),
      () => ({ kind: 'destination_up', destination, error }),
      () => ({ kind: 'newest', destination, manifest: random.chance(0.5) ? someManifest() : undefined }),
      () => ({ kind: 'pruned', destination, count: random.whole(5), frozen: undefined }),
      () => ({ kind: 'prune_failed', destination, error: BROKEN }),
      () => ({ kind: 'verified', destination, name: 'a.snap', error }),
      () => ({ kind: 'drilled', level: 'verified', seconds: 1, error }),
      () => ({ kind: 'drill_found', at: new Date(random.whole(1e9)), level: 'verified', seconds: 1, error }),
      () => ({ kind: 'canary', error }),
      () => ({ kind: 'pinged', ok: random.chance(0.5) }),
    ])();
  }

  it.each([1, 2, 3, 4, 5])('never go down, whatever happens and however often the configuration changes (%i)', (seed) => {
    const random = new Seeded(seed);
    const { ledger, pass } = aLedger();
    const highest: Record<string, number> = {};
    const fallen: string[] = [];
    for (let step = 0; step < 2_000; step++) {
      pass(random.whole(100_000));
      if (random.chance(0.02)) {
        const destinations = ['aws', 'disk'].filter(() => random.chance(0.8)).map((name) => place(name, random.pick(['default', 'nightly'])));
        ledger.follow(planOf({ destinations, schedules: ['default', 'nightly'].map((name) => ({ name, intervalMs: random.whole(1e6) })) }));
      }
      ledger.tell(anyEvent(random));
      for (const [path, count] of Object.entries(counters(ledger.view()))) {
        if (count < (highest[path] ?? 0)) fallen.push(`${path} at step ${step}`);
        highest[path] = count;
      }
    }
    expect(fallen).toEqual([]);
    expect(Object.keys(highest).filter((path) => highest[path] === 0)).toEqual([]);
  });
});
