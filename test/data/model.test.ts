import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { modelScenarios } from '../support/model/actions.ts';
import { createGatewayExecutor, createSharedExecutor } from '../support/model/executors.ts';
import { runModel } from '../support/model/run.ts';
import {
  type SandboxConnection,
  connectInProcess,
  createModelWorld,
  type SandboxRequest,
} from '../support/model/world.ts';
import { runs, timeoutMs } from '../support/runs.ts';
import { createCountingTransport } from '../support/upstream.ts';

const RUNS_IN_PROCESS = runs(15);
const RUNS_OVER_HTTP = runs(2);
/** Long enough for fast-check to shrink a failing scenario. */
const TIMEOUT_MS = timeoutMs(120_000);

/**
 * Random reads, starts and stops with two credentials; callers that disconnect; responses that are late, broken or missing; and
 * time that passes. `checkOperation` and `runModel` check what must hold. A failure prints the seed and the scenario.
 */
describe('in random scenarios, no result is too old or contains data of another credential, no limit is exceeded, and no start is sent twice', () => {
  test(
    'with the data source in process',
    async () => {
      const property = fc.asyncProperty(modelScenarios, async ({ actions, latencies }) => {
        const world = await createModelWorld(latencies, connectInProcess);
        await runModel(actions, world, await createSharedExecutor(world));
      });
      await expect(fc.assert(property, { numRuns: RUNS_IN_PROCESS })).resolves.toBeUndefined();
    },
    TIMEOUT_MS,
  );

  test(
    'with whole gateways and a sandbox over HTTP',
    async () => {
      const property = fc.asyncProperty(modelScenarios, async ({ actions, latencies }) => {
        const world = await createModelWorld(latencies, connectOverHttp);
        await runModel(actions, world, await createGatewayExecutor(world));
      });
      await expect(fc.assert(property, { numRuns: RUNS_OVER_HTTP })).resolves.toBeUndefined();
    },
    TIMEOUT_MS,
  );
});

async function connectOverHttp(sandbox: Sandbox): Promise<SandboxConnection> {
  const server = await startSandboxServer({ port: 0, sandbox });
  cleanUpAfterTest(() => server.close());
  const { send } = createCountingTransport();
  return {
    baseUrl: server.url,
    exchange: async (request: SandboxRequest) =>
      send({ ...request, signal: new AbortController().signal, maxBodyBytes: 2 ** 20 }),
  };
}
