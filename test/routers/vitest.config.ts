import { defineConfig } from 'vitest/config';

import project from '../../vitest.config.ts';

/** Separate from the other tests: the routers have an installation of their own, and take seconds to start. */
export default defineConfig({
  ...project,
  test: { include: ['test/routers/*.test.ts'], fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 },
});
