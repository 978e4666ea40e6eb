import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Trial } from './mutation-worker.ts';

const START_LIMIT_MS = 60_000;

/** `ended`: it did not come to an end by itself, or took its process with it. Whoever runs the tests notices that too. */
export type Verdict = 'killed' | 'ended' | 'survived';

/** Runs the tests of each trial against its broken file, `workers` at a time; the verdicts are in the order of the trials. */
export async function tryAll(trials: readonly Trial[], workers: number, limitMs: number): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const queue = trials.entries();
  const work = async () => {
    let child: ChildProcess | undefined;
    try {
      for (const [at, trial] of queue) {
        child ??= await startWorker();
        const verdict = await tryOne(child, trial, limitMs);
        verdicts[at] = verdict;
        if (verdict !== 'ended') continue;
        child.kill('SIGKILL');
        child = undefined;
      }
    } finally {
      child?.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return verdicts;
}

async function startWorker(): Promise<ChildProcess> {
  // Begun inside of a test, it must not take itself for a part of that run.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_OPTIONS$)/.test(name)));
  const child = fork(join(import.meta.dirname, 'mutation-worker.ts'), { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  if ((await answerOf(child, START_LIMIT_MS)) === 'ready') return child;
  child.kill('SIGKILL');
  throw new Error('mutation: a worker did not start');
}

async function tryOne(child: ChildProcess, trial: Trial, limitMs: number): Promise<Verdict> {
  child.send(trial);
  const isNoticed = await answerOf(child, limitMs);
  if (typeof isNoticed !== 'boolean') return 'ended';
  return isNoticed ? 'killed' : 'survived';
}

/** The next message; undefined when none comes in time, or none can come any more. */
async function answerOf(child: ChildProcess, limitMs: number): Promise<unknown> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(limitMs)]);
  const answers = [once(child, 'message', { signal }), once(child, 'exit', { signal }).then(() => [undefined])];
  try {
    const [message] = await Promise.race(answers);
    return message;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    over.abort();
    await Promise.allSettled(answers);
  }
}
