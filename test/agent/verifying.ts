import { Agent } from '../../src/agent/agent.ts';
import type { Destination } from '../../src/agent/destination.ts';
import { VerifySchedule } from '../../src/agent/verify-schedule.ts';
import type { VerifyPlan } from '../../src/agent/verify-turn.ts';
import { SnapshotError } from '../../src/errors.ts';
import type { ObjectKey } from '../../src/storage/key.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import type { Scene } from './scene.ts';

/** At 12:00 a scene begins, with a round each hour. */
export const AT_HALF_PAST_TWO: VerifyPlan = { rule: { kind: 'cron', expression: '30 14 * * *', timezone: 'UTC' }, samplePercent: 0 };

/** A daemon with a fresh memory, which verifies between its rounds. */
export function startVerifying(scene: Scene, destinations: readonly Destination[], plan: VerifyPlan = AT_HALF_PAST_TWO) {
  const { deps } = scene;
  const verifying = new VerifySchedule(plan, destinations, deps);
  const tell: typeof deps.tell = (event) => {
    deps.tell(event);
    verifying.hear(event);
  };
  const agent = new Agent({ ...deps, tell }, destinations, 0, verifying);
  const stop = new AbortController();
  const ended = agent.run({ stop: stop.signal, abort: stop.signal });
  return {
    stop: async () => {
      stop.abort(new SnapshotError('stopped', 'enough'));
      await ended;
    },
  };
}

/** Does something once each snapshot is read so far, as long as it is told to. */
export class Slow extends MemoryStorage {
  onChunk: () => void = () => undefined;

  override async *read(key: ObjectKey, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of super.read(key, signal)) {
      if (key.endsWith('.snap')) this.onChunk();
      yield chunk;
    }
  }
}

export function records({ objects }: MemoryStorage): readonly string[] {
  return [...objects.keys()].flatMap((key) => /\.verified-(.*)\.json$/.exec(key)?.[1] ?? []);
}

export function verified({ events }: Scene) {
  return events.flatMap((event) => (event.kind === 'verified' ? [{ destination: event.destination, name: event.name, code: event.error?.code }] : []));
}
