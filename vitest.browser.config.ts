import { defineConfig } from 'vitest/config';

/** The tests in a real browser: apart from the others, since they need a Chromium. */
export default defineConfig({
  test: { include: ['test/browser/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
