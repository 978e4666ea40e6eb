import { join } from 'node:path';
import { createVitest, type Vitest } from 'vitest/node';

// A process of its own, so that a mutant that never ends can be ended. Keeps one vitest and tries one broken file after the other in it.
export interface Trial {
  /** From the root of the checkout, like `tests`. */
  readonly file: string;
  readonly text: string;
  readonly tests: readonly string[];
}

const root = join(import.meta.dirname, '..');
let mutated = { path: '', text: '' };
// The file on disk stays as it is: nothing is written, and several can work side by side.
const plugin = { name: 'mutant', enforce: 'pre' as const, load: (id: string) => (id === mutated.path ? mutated.text : undefined) };
const vitest = await createVitest(
  'test',
  {
    root,
    watch: false,
    // Its cache of modules goes by what is on disk: a mutant in it would be taken for the file itself, by every later run of the tests.
    fsModuleCache: false,
    cache: false,
    // A fresh thread for each file of tests, so that nothing is left of the mutant before.
    pool: 'threads',
    isolate: true,
    maxWorkers: 1,
    bail: 1,
    // What is only slow, on a busy machine, must not pass for noticed.
    testTimeout: 20_000,
    reporters: [{}],
  },
  { plugins: [plugin] },
);
process.on('message', (trial: Trial) => void tryOne(vitest, trial).then((isNoticed) => process.send?.(isNoticed)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function tryOne(runner: Vitest, { file, text, tests }: Trial): Promise<boolean> {
  if (mutated.path !== '') runner.invalidateFile(mutated.path);
  mutated = { path: join(root, file), text };
  runner.invalidateFile(mutated.path);
  for (const test of tests) {
    const { testModules, unhandledErrors } = await runner.runTestSpecifications([runner.getRootProject().createSpecification(join(root, test))]);
    // Earlier runs are told again: only the last of this file counts.
    const isWell = testModules.filter(({ moduleId }) => moduleId === join(root, test)).every((module) => module.ok());
    if (!isWell || unhandledErrors.length > 0) return true;
  }
  return false;
}
