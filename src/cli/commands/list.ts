import { withDeadline } from '../../agent/deadline.ts';
import { abortReason, ERROR_CODES, SnapshotError, toSnapshotError } from '../../errors.ts';
import { type Overview, overlook } from '../../inventory/overview.ts';
import { clusterOf, takeStock } from '../../inventory/stock.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { renderJson, renderText } from '../list-report.ts';
import { printReport } from '../print.ts';
import { withDestinations } from '../reading.ts';
import { listenForStop } from '../signals.ts';

const LIST_LIMIT_MS = 3_600_000;

/** Every snapshot there is, and where. Exits 0 also when some are missing: `verify --max-age` is for alarms. */
export async function runList({ flags }: Asked<'list'>, host: Host): Promise<number> {
  const { stop } = listenForStop(host, 0);
  return await withDestinations(flags, host, async ({ destinations, ours }) => {
    const lookAt = async (destination: (typeof destinations)[number]) => {
      const { name } = destination.storage;
      const endless = () => new SnapshotError('storage_unavailable', `${name}: the listing has no end`);
      try {
        return await withDeadline(stop, LIST_LIMIT_MS, endless, (signal) => takeStock(destination, ours, signal));
      } catch (thrown) {
        if (stop.aborted) throw abortReason(stop);
        return toSnapshotError(thrown);
      }
    };
    const stocks = await Promise.all(destinations.map(lookAt));
    const places = destinations.map((destination, at) => ({ destination, stock: stocks[at]! }));
    const now = new Date();
    const overview = overlook(places, ours.clusterId ?? clusterOf(stocks), ours.template, ours.clusterName, now);
    if (flags.json) host.out(renderJson(overview, now));
    else printReport(host, renderText(overview, now));
    return exitCodeOf(overview);
  });
}

function exitCodeOf({ places }: Overview): number {
  const failed = places.flatMap((place) => (place.outcome === 'failed' ? [place.error] : []));
  if (failed.length === 0) return 0;
  return failed.length === places.length ? failed[0]!.exitCode : ERROR_CODES.partial.exitCode;
}
