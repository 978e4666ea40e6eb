import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 50;

/** Asks again and again until the answer is there; the last refusal becomes the cause when the time is up. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>, timeoutMs = 60_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(INTERVAL_MS);
  }
  throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`, { cause });
}
