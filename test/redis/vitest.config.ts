import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/redis/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The tests measure time, so they must not run in parallel.
    fileParallelism: false,
  },
});
