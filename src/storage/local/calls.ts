import { abortReason } from '../../errors.ts';
import { toLocalError } from './errors.ts';

/** One call to the file system, given up when the signal says so: a dead NFS server answers no call, and no call can be recalled. */
export async function onDisk<Result>(path: string, signal: AbortSignal, call: Promise<Result>): Promise<Result> {
  try {
    return await unlessAborted(call, signal);
  } catch (error) {
    throw toLocalError(error, path);
  }
}

/** As onDisk, for what has to be released again, also when it comes only after we gave up. */
export async function acquire<Result>(path: string, signal: AbortSignal, call: Promise<Result>, release: (result: Result) => Promise<void>): Promise<Result> {
  try {
    return await onDisk(path, signal, call);
  } catch (error) {
    // The caller has his error already; nobody is left to hear of a second one.
    call.then(release).catch(() => undefined);
    throw error;
  }
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}

function unlessAborted<Result>(call: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(abortReason(signal));
    const done = () => signal.removeEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    call.then(resolve, reject).then(done, done);
  });
}
