import type { Spool, SpoolDirectory } from '../spool/contract.ts';
import type { Progress } from './progress.ts';

/** The same, but whatever is asked of it counts as progress: whoever asks has ended the step before. */
export function watched<Part extends object>(part: Part, progress: Progress): Part {
  return new Proxy(part, {
    get(target, name) {
      progress.moved();
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** The same, but every byte that goes in or out counts as progress. */
export function watchedSpools(spools: SpoolDirectory, progress: Progress): SpoolDirectory {
  return {
    open: async () => watchedSpool(await spools.open(), progress),
    room: () => spools.room(),
    sweep: () => spools.sweep(),
  };
}

function watchedSpool(spool: Spool, progress: Progress): Spool {
  return {
    get bytes() {
      return spool.bytes;
    },
    append: async (chunk) => {
      await spool.append(chunk);
      progress.movedBytes(spool.bytes);
    },
    end: () => spool.end(),
    fail: (error) => spool.fail(error),
    async *tail(signal) {
      for await (const chunk of spool.tail(signal)) {
        progress.movedBytes(spool.bytes);
        yield chunk;
      }
    },
    remove: () => spool.remove(),
  };
}
