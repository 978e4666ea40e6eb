/** For what hears no signal: after that long its caller goes on without it. */
export async function inTime<Result>(work: Promise<Result>, limitMs: number, makeError: () => Error): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(makeError()), limitMs);
  });
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
