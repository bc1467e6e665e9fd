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
  upstreamRequests: 400,
};

/** A gateway with empty caches over a sandbox, in one process. */
function startGateway(settings: SettingsPatch) {
  const clock = createFakeClock();
  const sandbox = createSandbox({ clock, settings: { quota: { limit: 1e6, enforced: false }, ...settings } });
  const { baseUrl, exchange } = connectInProcess(sandbox);
  const sent: string[] = [];
  const gateway = createGateway({
    upstream: { baseUrl, ...APP, attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 },
    transport: async (request: TransportRequest) => {
      sent.push(`${request.method} ${new URL(request.url).pathname.split('/').slice(8).join('/')}`);
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
  const send = async (operation: GeneratedOperation, header: string): Promise<unknown> => {
    const response = await gateway.fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-cost': header },
      body: JSON.stringify(operation),
    });
    return response.json();
  };
  return { exampleIds: sandbox.exampleIds, sent, send };
}

const { exampleIds } = startGateway({});

/** Executes an operation with cold caches, and checks its cost against the requests that the sandbox has received. */
async function checkCost(operation: GeneratedOperation, settings: SettingsPatch): Promise<void> {
  const { send, sent } = startGateway(settings);
  const estimate = at(await send(operation, 'estimate'), 'extensions', 'cost');
  expect(sent).toEqual([]);
  fc.pre(Number(at(estimate, 'requested')) <= LIMITS.upstreamRequests);
  const result = await send(operation, '1');
  const cost = at(result, 'extensions', 'cost');
  const plan = asArray(at(estimate, 'plan')).map((part) => Number(at(part, 'requests')));
  const requested = Number(at(cost, 'requested'));
  expect(at(estimate, 'requested')).toBe(requested);
  expect(plan.reduce((sum, requests) => sum + requests, 0)).toBe(requested);
  expect(plan.every((requests) => requests > 0)).toBe(true);
  expect(at(cost, 'actual')).toBe(sent.length);
  expect(sent.length, `${JSON.stringify(estimate)} ${sent.join('\n')}`).toBeLessThanOrEqual(requested);
}

const RUNS = IS_THOROUGH ? 10_000 : 150;

test(
  'an operation with cold caches never sends more requests than it costs by the schema',
  async () => {
    const property = fc.asyncProperty(operations(exampleIds), async (operation) => checkCost(operation, {}));
    await expect(fc.assert(property, { numRuns: RUNS })).resolves.toBeUndefined();
  },
  timeoutMs(120_000),
);
