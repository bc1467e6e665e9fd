import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/routers/**', 'test/redis/**', '**/node_modules/**'],
    testTimeout: 20_000,
  },
  // Vitest would take the package's ES module for our own imports and its CommonJS for those of its dependants: two classes
  // of each name, where Node has one.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
});
