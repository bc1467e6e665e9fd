import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

/** The gateway in workerd: its acceptance tests, and the Worker as it is deployed. */
export default defineConfig({
  test: {
    projects: ['acceptance', 'deployed'].map((folder) =>
      fileURLToPath(new URL(`${folder}/vitest.config.ts`, import.meta.url)),
    ),
  },
});
