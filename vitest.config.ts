import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Processes, not threads: a server is tied to the life of the thread that started it.
    pool: 'forks',
    // Each may have a cluster of real servers running, and waits for it most of the time: one more than there are processors to spare.
    maxWorkers: 3,
    // Within a file as well: each of these has servers of its own.
    maxConcurrency: 3,
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary'] },
  },
});
