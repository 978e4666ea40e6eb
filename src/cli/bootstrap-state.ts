import type { Config } from '../config/config.ts';
import type { Marker } from '../recovery/bootstrap-marker.ts';
import { lockServer } from '../spool/bootstrap-lock.ts';
import { openMarker } from '../spool/bootstrap-marker.ts';
import type { Release } from '../spool/lock.ts';
import { findStateDirectory } from '../spool/state-directory.ts';
import { speakOfFlag } from './flag-hints.ts';
import type { Host } from './host.ts';

/** What one bootstrap of one server keeps in a directory: how far it came, and that it is alone. */
interface BootstrapState {
  readonly marker: Marker;
  lock(): Promise<Release>;
}

/** `given` by --state-dir, and then whatever is wrong with it is that flag's; the spool lies elsewhere. */
export async function openBootstrapState(given: string | undefined, address: string, holder: string, host: Host, config: Config): Promise<BootstrapState> {
  const { env, homeDirectory } = host;
  const directory = given ?? (await findStateDirectory({ configured: config.spoolPath, env, homeDirectory }));
  const named = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (thrown) {
      throw speakOfFlag('spool_path', { name: '--state-dir', given }, thrown);
    }
  };
  const marker = openMarker(directory, address);
  return {
    marker: { read: () => named(marker.read()), write: (marked) => named(marker.write(marked)), remove: () => named(marker.remove()) },
    lock: () => named(lockServer(directory, address, holder)),
  };
}
