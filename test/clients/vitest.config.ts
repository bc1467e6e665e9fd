import { defineConfig } from 'vitest/config';

import project from '../../vitest.config.ts';
import relay from './relay/vite.config.ts';

/** Separate from the other tests: the clients have an installation of their own, and their code is generated. */
export default defineConfig({
  ...project,
  plugins: relay.plugins ?? [],
  test: {
    ...project.test,
    include: ['test/clients/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**'],
    testTimeout: 60_000,
    isolate: true,
  },
});
