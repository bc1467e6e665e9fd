import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { TransportRequest } from '../../../src/realtimekit/transport.ts';
import { createSandbox } from '../../../src/sandbox/sandbox.ts';
import type { SettingsPatch } from '../../../src/sandbox/settings.ts';
import { createGateway } from '../../../src/server/gateway.ts';
import { createFakeClock } from '../../support/fakeClock.ts';
import { asArray, at } from '../../support/gateway.ts';
import { connectInProcess } from '../../support/model/world.ts';
import { type GeneratedOperation, operations } from '../../support/operations.ts';
import { IS_THOROUGH, timeoutMs } from '../../support/runs.ts';
import { APP } from '../../support/upstream.ts';

/** No limit is in the way of a generated operation, but for that on its cost. */
const LIMITS = {
  depth: 100,
  aliases: 1e6,
  rootFields: 1e6,
  directives: 1e6,
  tokens: 1e6,
  queryBytes: 1e6,
  upstreamRequests: 150,
};

const WINDOW = { quota: { limit: 1e6, enforced: false } };

/** Creates gateways over one sandbox, in one process. `settings` are the sandbox's. */
function createWorld(settings: SettingsPatch = {}) {
  const clock = createFakeClock();
  const sandbox = createSandbox({ clock, settings: { ...WINDOW, ...settings } });
  const { baseUrl, exchange } = connectInProcess(sandbox);

  /** Starts a gateway with empty caches. */
  function startGateway() {
    const sent: string[] = [];
    const gateway = createGateway({
      upstream: { baseUrl, ...APP, attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 },
      transport: async (request: TransportRequest) => {
        sent.push(`${request.method} ${request.url.slice(request.url.indexOf(APP.appId))}`);
        return exchange(request);
      },
      caching: { maxRequestsPerOperation: 100_000 },
      limits: LIMITS,
      costReport: true,
      log: () => {},
      graphiql: false,
      clock,
      random: () => 0,
    });
    const send = async (operation: GeneratedOperation, cost: string): Promise<unknown> => {
      const response = await gateway.fetch('http://gateway.test/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-cost': cost },
        body: JSON.stringify(operation),
      });
      return response.json();
    };
    return { send, sent };
  }

  return { sandbox, clock, exchange, startGateway };
}

type World = ReturnType<typeof createWorld>;

/** Executes an operation with cold caches, and compares its cost with the requests that the sandbox has received. */
async function checkCost({ startGateway }: World, operation: GeneratedOperation): Promise<void> {
  const { send, sent } = startGateway();
  const estimate = at(await send(operation, 'estimate'), 'extensions', 'cost');
  expect(sent).toEqual([]);
  const requested = Number(at(estimate, 'requested'));
  fc.pre(requested <= LIMITS.upstreamRequests);
  const cost = at(await send(operation, '1'), 'extensions', 'cost');
  expect([at(cost, 'requested'), at(cost, 'actual')]).toEqual([requested, sent.length]);
  expect(sent.length, `${JSON.stringify(estimate)}\n${sent.join('\n')}`).toBeLessThanOrEqual(requested);
  const plan = asArray(at(estimate, 'plan')).map((part) => Number(at(part, 'requests')));
  expect(plan.every((requests) => requests > 0)).toBe(true);
  expect(plan.reduce((sum, requests) => sum + requests, 0)).toBe(requested);
}

const RUNS = IS_THOROUGH ? 10_000 : 150;
const shared = createWorld();

/** A livestream with as many sessions as any, of which upstream returns one at a time. */
async function mostSessions(): Promise<string> {
  const { send } = shared.startGateway();
  const query =
    '{ livestreams(first: 100, filter: { status: IDLE }) { nodes { id sessions(first: 1) { totalCount } } } }';
  const nodes = asArray(at(await send({ query, variables: {} }, '1'), 'data', 'livestreams', 'nodes'));
  const sizeOf = (node: unknown): number => Number(at(node, 'sessions', 'totalCount'));
  const [most] = nodes.toSorted((left, right) => sizeOf(right) - sizeOf(left));
  return String(at(most, 'id'));
}

test(
  'an operation with cold caches never sends more requests than it costs by the schema',
  async () => {
    const ids = { ...shared.sandbox.exampleIds, independentLivestreamId: await mostSessions() };
    const property = fc.asyncProperty(operations(ids), async (operation) =>
      // Only a mutation changes the sandbox.
      checkCost(operation.query.startsWith('mutation') ? createWorld() : shared, operation),
    );
    await expect(fc.assert(property, { numRuns: RUNS })).resolves.toBeUndefined();
  },
  timeoutMs(120_000),
);
