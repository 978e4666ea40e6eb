import { abortReason, SnapshotError } from '../../src/errors.ts';
import type { CanaryPlace, ClusterFacts, Leadership, Vault } from '../../src/vault/contract.ts';
import { buildArchive } from './archive.ts';

export const LEADER: Leadership = { role: 'leader', reason: 'addr is this host', isAssumed: false, appliedIndex: 40n };
export const STANDBY: Leadership = { role: 'standby', reason: 'another node leads' };

export const SOME_FACTS: ClusterFacts = {
  clusterId: 'id-1',
  clusterName: 'prod',
  product: 'vault',
  version: '1.21.0',
  sealType: 'shamir',
  sealShares: 5,
  sealThreshold: 3,
  hasRecoverySeal: false,
};

type Bad = SnapshotError | 'hang';

/** What comes instead of the rest of an archive, and after how many bytes. */
export interface Spoiled {
  readonly afterBytes: number;
  readonly by: Bad;
}

/** A Vault that answers as scripted: the first of its answers each time, the last one for ever. */
export class FakeVault implements Vault {
  leaderships: (Leadership | Bad)[] = [LEADER];
  facts: ClusterFacts | Bad = SOME_FACTS;
  /** The version of its KV store. */
  canary: 1 | 2 | Bad = 2;
  /** What was written there, in order. */
  readonly canaries: { readonly place: CanaryPlace; readonly fields: Readonly<Record<string, string>> }[] = [];
  archive: Buffer | Bad = buildArchive();
  spoiled: Spoiled | undefined;
  /** Told before each answer: a test may stop, seal or look around there. */
  onCall: (call: string) => void = () => undefined;
  /** Every question in order. */
  readonly calls: string[] = [];
  /** Archives whose connection is open. */
  openArchives = 0;

  async leadership(signal: AbortSignal): Promise<Leadership> {
    this.#hear('leadership', signal);
    const next = this.leaderships.length > 1 ? this.leaderships.shift() : this.leaderships[0];
    return answer(next ?? LEADER, signal);
  }

  async describe(signal: AbortSignal): Promise<ClusterFacts> {
    this.#hear('describe', signal);
    return answer(this.facts, signal);
  }

  async writeCanary(place: CanaryPlace, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<1 | 2> {
    this.#hear('writeCanary', signal);
    const version = await answer(this.canary, signal);
    this.canaries.push({ place, fields });
    return version;
  }

  async openSnapshot(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    this.#hear('openSnapshot', signal);
    return this.#send(await answer(this.archive, signal), signal);
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }

  #hear(call: string, signal: AbortSignal): void {
    this.calls.push(call);
    this.onCall(call);
    if (signal.aborted) throw abortReason(signal);
  }

  async *#send(archive: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { afterBytes, by } = this.spoiled ?? { afterBytes: archive.length, by: undefined };
    const whole = archive.subarray(0, afterBytes);
    this.openArchives++;
    try {
      for (let position = 0, size = 1; position < whole.length; position += size, size = (size * 7) % 65_537) {
        this.onCall('chunk');
        if (signal.aborted) throw abortReason(signal);
        yield whole.subarray(position, position + size);
      }
      if (by !== undefined) await answer(by, signal);
    } finally {
      this.openArchives--;
    }
  }
}

async function answer<Answer>(scripted: Answer | Bad, signal: AbortSignal): Promise<Answer> {
  if (scripted instanceof SnapshotError) throw scripted;
  if (scripted !== 'hang') return scripted as Answer;
  return new Promise((_, reject) => {
    const end = () => reject(abortReason(signal));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}
