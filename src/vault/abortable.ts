/** Waits no longer than the signal lets; what is waited for goes on. */
export async function abortable<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let giveUp = (): void => undefined;
  try {
    return await new Promise<Result>((resolve, reject) => {
      giveUp = () => reject(signal.reason);
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      work.then(resolve, reject);
    });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
