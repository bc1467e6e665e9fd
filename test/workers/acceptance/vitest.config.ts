import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

import project from '../../../vitest.config.ts';
import { EXCLUDED_FILES, EXCLUDED_TESTS } from './excluded.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** The modules through which the tests start gateways and what these use, and what they get instead, for gateways in workerd. */
const REPLACEMENTS = new Map([
  [pathOf('../../../src/server/gateway.ts'), pathOf('remoteGateway.ts')],
  [pathOf('../../../src/realtimekit/undiciTransport.ts'), pathOf('remoteTransport.ts')],
  [pathOf('../../../src/sandbox/server.ts'), pathOf('remoteSandboxServer.ts')],
  [pathOf('../../support/fakeClock.ts'), pathOf('remoteClock.ts')],
]);

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Runs the acceptance tests of the gateway on Node.js against workerd, over HTTP. */
export default defineConfig({
  ...project,
  root: pathOf('../../..'),
  plugins: [
    {
      name: 'gateways-in-workerd',
      enforce: 'pre',
      resolveId(source, importer) {
        if (importer === undefined || !source.startsWith('.') || importer.startsWith(pathOf('.'))) return null;
        return REPLACEMENTS.get(fileURLToPath(new URL(source, `file://${importer}`))) ?? null;
      },
    },
  ],
  test: {
    ...project.test,
    globalSetup: pathOf('startWorkerd.ts'),
    setupFiles: ['test/support/setup.ts', pathOf('requireWorkerd.ts')],
    include: [
      'test/api/*.test.ts',
      'test/auth/*.test.ts',
      'test/config/apiKeys.test.ts',
      'test/docs/{costExample,purging,recipes}.test.ts',
      'test/graphql/limits/costBound.test.ts',
      'test/live/{chaosOverHttp,graphqlSubscription,streams,transports}.test.ts',
      'test/schema/composition.test.ts',
      'test/server/{cacheControl,originWarning}.test.ts',
      'test/server/plugins/useHealth.test.ts',
      'test/telemetry/{log,metrics}.test.ts',
    ],
    exclude: EXCLUDED_FILES.map(([file]) => file),
    testNamePattern: new RegExp(`^(?!.*(${EXCLUDED_TESTS.map(([name]) => escape(name)).join('|')}))`),
  },
});
