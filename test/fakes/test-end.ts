import { AsyncLocalStorage } from 'node:async_hooks';
import { it, onTestFinished as ofTheOnlyTest, type TestContext } from 'vitest';

/** Side by side, each takes longer. */
const LIMIT_MS = 120_000;

const running = new AsyncLocalStorage<TestContext>();

/** The same as that of vitest, which knows but one test that runs. */
export function onTestFinished(work: () => void | Promise<void>): void {
  const context = running.getStore();
  if (context === undefined) ofTheOnlyTest(work);
  else context.onTestFinished(work);
}

/** A test with servers of its own, beside its neighbours in the file. What it starts ends with it, and not with them. */
export function itAlongside(name: string, test: () => Promise<void>): void {
  it.concurrent(name, { timeout: LIMIT_MS }, (context) => running.run(context, test));
}
