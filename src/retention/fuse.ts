const SMALLEST = 10;
const SHARE = 0.1;

/**
 * How many snapshots one prune may delete: `maxDeletes` if that is given (0: any number), else a tenth of what is there, but at least ten.
 * A round brings one, so any backlog melts away; and a wrong `retain` is in the log for many rounds before it has emptied a place.
 */
export function deleteLimit(snapshots: number, maxDeletes: number | undefined): number {
  if (maxDeletes === 0) return Number.POSITIVE_INFINITY;
  return maxDeletes ?? Math.max(SMALLEST, Math.ceil(snapshots * SHARE));
}
