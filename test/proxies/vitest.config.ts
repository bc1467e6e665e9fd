import { defineConfig } from 'vitest/config';

import project from '../../vitest.config.ts';

/** Separate from the other tests: they need nginx and HAProxy. */
export default defineConfig({
  ...project,
  test: {
    include: ['test/proxies/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
