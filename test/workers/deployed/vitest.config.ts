import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

import project from '../../../vitest.config.ts';

/** Tests the Worker as `wrangler deploy` builds it, in workerd. */
export default defineConfig({
  ...project,
  test: {
    ...project.test,
    globalSetup: fileURLToPath(new URL('bundle.ts', import.meta.url)),
    include: ['test/workers/deployed/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
  },
});
