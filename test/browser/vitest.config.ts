import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // One second, the default, is too short for a page on a busy machine.
    expect: { poll: { timeout: 20_000 } },
  },
});
