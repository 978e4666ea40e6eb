import type { ClusterView } from './view.ts';

/** Whether some snapshot is from before the unseal keys of the newest one: who threw the keys of before away cannot open it. */
export function areOlderKeysNeeded({ lastSnapshot, destinations }: ClusterView): boolean {
  const since = lastSnapshot?.keys.since;
  return since !== undefined && destinations.some(({ totals }) => totals?.oldestAt !== undefined && totals.oldestAt < since);
}
