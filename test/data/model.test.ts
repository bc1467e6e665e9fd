import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { stories } from '../support/model/actions.ts';
import { createGatewayCaller, createSharedCaller } from '../support/model/callers.ts';
import { play } from '../support/model/run.ts';
import { type Connection, connectInProcess, createWorld, type Message } from '../support/model/world.ts';
import { after, countingTransport } from '../support/upstream.ts';

/** Enough for each of the promises to be at risk many times; whoever changes how requests are spent sets a few hundred for once. */
const RUNS_IN_PROCESS = 40;
const RUNS_OVER_HTTP = 3;
/** Milliseconds: a busy machine fails nothing, and a failure has time to be made shorter. */
const TIMEOUT = 120_000;

/**
 * Random reads, starts and stops of two credentials, callers that leave, answers that are late, broken or missing, and time that
 * passes: what must hold in all of it is listed in `check` and `play`. A failure tells the seed, the path and the story.
 */
describe('whatever is asked, changed and broken, and whenever, callers are told what is true and new enough', () => {
  test(
    'nothing is older than its kind allows, no data is another credential’s, no limit is passed, no start is sent twice',
    async () => {
      const property = fc.asyncProperty(stories, async ({ actions, latencies }) => {
        const world = await createWorld(latencies, connectInProcess);
        await play(actions, world, await createSharedCaller(world));
      });
      await expect(fc.assert(property, { numRuns: RUNS_IN_PROCESS })).resolves.toBeUndefined();
    },
    TIMEOUT,
  );

  test(
    'so too of whole gateways over HTTP',
    async () => {
      const property = fc.asyncProperty(stories, async ({ actions, latencies }) => {
        const world = await createWorld(latencies, connectOverHttp);
        await play(actions, world, await createGatewayCaller(world));
      });
      await expect(fc.assert(property, { numRuns: RUNS_OVER_HTTP })).resolves.toBeUndefined();
    },
    TIMEOUT,
  );
});

async function connectOverHttp(sandbox: Sandbox): Promise<Connection> {
  const server = await startSandboxServer({ port: 0, sandbox });
  after(() => server.close());
  const { send } = countingTransport();
  return {
    baseUrl: server.url,
    exchange: async (request: Message) =>
      send({ ...request, signal: new AbortController().signal, maxBodyBytes: 2 ** 20 }),
  };
}
