import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

import { timeoutMs } from './test/support/runs.ts';

// Compiling the packages is a fifth of the tests' work. Node shares the result between the processes that inherit this.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/node', import.meta.url));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/browser/**',
      'test/clients/**',
      'test/routers/**',
      'test/redis/**',
      'test/proxies/**',
      'test/workers/deployed/**',
      '**/node_modules/**',
    ],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: timeoutMs(60_000),
    // As patient as `eventually`: one second, the default, is too short for a busy machine.
    expect: { poll: { timeout: 10_000, interval: 2 } },
    // Vitest's default leaves one core to itself, but needs none once the tests run.
    maxWorkers: '100%',
    // The test files of a worker share its process and its modules: loading them for each file takes a quarter of the time.
    // What a test starts must end with the test (`cleanUpAfterTest`); Vitest restores what a test replaces.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
  // Vitest would take the package's ES module for our own imports and its CommonJS for those of its dependants: two classes
  // of each name, where Node has one.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
});
