import { SnapshotError } from '../errors.ts';
import { Watchdog } from '../snapshot/watchdog.ts';
import type { Storage } from '../storage/contract.ts';

/** Where every object is deleted by a request of its own, this much for each. */
const DELETE_MS = 100;

/** The same for looking and deleting, but a step that takes too long fails, whether or not it hears its signal. */
export function impatient(storage: Storage, limitMs: number): Storage {
  const watch = (signal: AbortSignal) =>
    new Watchdog(signal, limitMs, () => new SnapshotError('storage_unavailable', `${storage.name}: nothing moved for ${limitMs / 1000}s`));
  const patient = {
    list(...[prefix, signal]) {
      const watchdog = watch(signal);
      return watchdog.each(storage.list(prefix, watchdog.signal));
    },
    read(...[key, signal]) {
      const watchdog = watch(signal);
      return watchdog.each(storage.read(key, watchdog.signal));
    },
    stat(...[key, signal]) {
      const watchdog = watch(signal);
      return watchdog.watch(() => storage.stat(key, watchdog.signal));
    },
    deleteAll(...[keys, signal]) {
      const watchdog = watch(signal);
      return watchdog.watch(() => storage.deleteAll(keys, watchdog.signal), keys.length * DELETE_MS);
    },
  } satisfies Partial<Storage>;
  return new Proxy(storage, {
    get(target, name) {
      const member: unknown = Reflect.get(name in patient ? patient : target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
