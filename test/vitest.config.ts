import { defineConfig } from 'vitest/config';

// Suites are chosen by folder in test/run.ts; this only says how any of them runs.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Real sockets and processes live in many tests; more workers than cores only makes them flaky.
    maxWorkers: 2,
  },
});
