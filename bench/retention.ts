import type { KnownManifests } from '../src/retention/appraise.ts';
import { planPrune } from '../src/retention/prune.ts';
import { renderManifest } from '../src/snapshot/manifest.ts';
import { parseNameTemplate } from '../src/snapshot/name.ts';
import type { ListedObject, Storage } from '../src/storage/contract.ts';
import { keyPrefix, type ObjectKey } from '../src/storage/key.ts';
import { MemoryStorage } from '../test/fakes/memory-storage.ts';
import { someManifest } from '../test/unit/snapshot/some-manifest.ts';
import type { RetentionFigures } from './figures.ts';

// Memory a prune takes for each snapshot at a destination, and what it remembers of each afterwards. Usage: node --expose-gc bench/retention.ts
// Names and manifests are made up on the way, so that all that is measured is the prune's own.
const HOUR_NS = 3_600_000_000_000n;
const NEWEST_NS = 1_790_000_000_000_000_000n;
const PREFIX = keyPrefix('raft_snapshots');
const FOREVER = new AbortController().signal;
const POLICY = { last: 24, hourly: 0, daily: 14, weekly: 8, monthly: 12, yearly: 5, withinMs: 0 };

class MadeUpStorage extends MemoryStorage implements Storage {
  readonly #count: number;
  reads = 0;

  constructor(count: number) {
    super();
    this.#count = count;
  }

  override async *list(prefix: string): AsyncGenerator<ListedObject, void, undefined> {
    const ending = prefix === PREFIX ? '' : '.json';
    for (let nth = this.#count - 1; nth >= 0; nth--) {
      yield { key: `${prefix}raft_snapshot-${NEWEST_NS - BigInt(nth) * HOUR_NS}.snap${ending}` as ObjectKey, size: 10, modifiedAt: new Date(0) };
    }
  }

  override async *read(key: ObjectKey): AsyncGenerator<Uint8Array, void, undefined> {
    this.reads++;
    yield Buffer.from(renderManifest(someManifest({ key: key.replace('manifests/', '').replace(/\.json$/, ''), stored_bytes: 10 })));
  }
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run it with node --expose-gc');
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

async function measure(count: number): Promise<RetentionFigures & { readonly kept: number }> {
  const storage = new MadeUpStorage(count);
  const known: KnownManifests = new Map();
  const ours = { template: parseNameTemplate('raft_snapshot-{unix_ns}.snap'), clusterName: '', clusterId: 'id-1' };
  const deps = { ...ours, known, now: new Date(Number(NEWEST_NS / 1_000_000n)) };
  const before = heapBytes();
  const began = performance.now();
  const first = await planPrune(storage, PREFIX, POLICY, deps, FOREVER);
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  const during = heapBytes() - before;
  const { reads } = storage;
  const { keep, remove, frozen } = first.plan;
  if (keep.length + remove.length !== count || frozen !== undefined) throw new Error(`the plan is wrong: ${frozen}`);
  const again = await planPrune(storage, PREFIX, POLICY, deps, FOREVER);
  return {
    snapshots: count,
    bytesForEach: Math.round(during / count),
    seconds,
    manifestsRead: reads,
    manifestsReadAgain: storage.reads - reads,
    kept: again.plan.keep.length,
  };
}

await measure(1_000);
const [small, large] = [await measure(10_000), await measure(100_000)];
if (process.argv.includes('--json')) {
  console.log(JSON.stringify([small, large].map(({ kept: _, ...figures }) => figures)));
} else {
  for (const { snapshots, bytesForEach, seconds, manifestsRead, manifestsReadAgain, kept } of [small, large]) {
    const read = `${manifestsRead} manifests read, ${manifestsReadAgain} the next time`;
    console.log(`${snapshots} snapshots: ${bytesForEach} bytes held for each, ${seconds} s, ${read}, ${kept} kept`);
  }
  console.log(`bytes for each, ${large.snapshots} to ${small.snapshots}: ${(large.bytesForEach / small.bytesForEach).toFixed(2)}`);
}
