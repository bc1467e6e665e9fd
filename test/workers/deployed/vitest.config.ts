import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

import project from '../../../vitest.config.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Tests the Worker as `wrangler deploy` builds it, in workerd. */
export default defineConfig({
  ...project,
  root: pathOf('../../..'),
  test: {
    ...project.test,
    globalSetup: pathOf('bundle.ts'),
    include: ['test/workers/deployed/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
  },
});
