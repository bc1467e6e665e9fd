import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { TransportRequest } from '../../../src/realtimekit/transport.ts';
import { createSandbox } from '../../../src/sandbox/sandbox.ts';
import { DEFAULT_SETTINGS } from '../../../src/sandbox/settings.ts';
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

/** Creates gateways over one sandbox, in one process. */
function createWorld() {
  const clock = createFakeClock();
  const sandbox = createSandbox({ clock, settings: { quota: { limit: 1e6, enforced: false } } });
  const { baseUrl, exchange } = connectInProcess(sandbox);

  /** Starts a gateway with empty caches. */
  function startGateway(bulkReads = true) {
    const sent: string[] = [];
    const gateway = createGateway({
      upstream: { baseUrl, ...APP, attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 },
      transport: async (request: TransportRequest) => {
        sent.push(`${request.method} ${request.url.slice(request.url.indexOf(APP.appId))}`);
        return exchange(request);
      },
      caching: { maxRequestsPerOperation: 100_000, bulkReads },
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

  return { sandbox, clock, startGateway };
}

type World = ReturnType<typeof createWorld>;

/** Executes an operation with cold caches, and compares its cost with the requests that the sandbox has received. */
async function checkCost({ send, sent }: ReturnType<World['startGateway']>, operation: GeneratedOperation) {
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

const shared = createWorld();

/** A world for an operation. Only mutations change it. */
const worldOf = ({ query }: GeneratedOperation): World => (query.startsWith('mutation') ? createWorld() : shared);

/** A livestream with as many sessions as any. The API returns one session a page. */
async function mostSessions(): Promise<string> {
  const { send } = shared.startGateway();
  const query = '{ livestreams(first: 100) { nodes { id sessions(first: 1) { totalCount } } } }';
  const nodes = asArray(at(await send({ query, variables: {} }, '1'), 'data', 'livestreams', 'nodes'));
  const sizeOf = (node: unknown): number => Number(at(node, 'sessions', 'totalCount'));
  const [most] = nodes.toSorted((left, right) => sizeOf(right) - sizeOf(left));
  expect(sizeOf(most)).toBeGreaterThan(2);
  return String(at(most, 'id'));
}

const exampleIds = async () => ({ ...shared.sandbox.exampleIds, independentLivestreamId: await mostSessions() });

test(
  'an operation with cold caches never sends more requests than it costs by the schema',
  async () => {
    const property = fc.asyncProperty(operations(await exampleIds()), async (operation) =>
      checkCost(worldOf(operation).startGateway(), operation),
    );
    const numRuns = IS_THOROUGH ? 10_000 : 100;
    await expect(fc.assert(property, { numRuns })).resolves.toBeUndefined();
  },
  timeoutMs(120_000),
);

/** Formats in which the API may respond: small pages, and what the gateway must infer. */
const FORMATS = {
  list: fc.constantFrom('array', 'object', 'nested'),
  envelope: fc.constantFrom('data', 'result'),
  errors: fc.constantFrom('error', 'errors'),
  notFound: fc.constantFrom('404', 'null', 'empty'),
  livestreamById: fc.constantFrom('nested', 'flat'),
  firstPage: fc.constantFrom(1, 0),
  maxPerPage: fc.constantFrom(100, 7, 3, 2, 1),
  paging: fc.constantFrom('beside', 'missing'),
  status: fc.constantFrom('documented', 'unknown'),
  optionalFields: fc.constantFrom('present', 'missing'),
} as const;

test(
  'nor does it in other formats and with smaller pages, once the gateway has seen a page of each list',
  async () => {
    const ids = await exampleIds();
    const rows = 'first: 10) { nodes { id } }';
    // Some meetings have more livestreams than a small page. Most livestreams have one session: if pages are numbered from 0, the first
    // one that is read has none.
    const lists = `meetings(first: 20) { nodes { livestreams(${rows} } } livestreams(${rows}`;
    const query = `{ ${lists} page: livestreams(first: 3) { nodes { sessions(${rows} } } }`;
    const property = fc.asyncProperty(operations(ids), fc.record(FORMATS), async (operation, responseFormats) => {
      const world = worldOf(operation);
      world.sandbox.configure({ responseFormats });
      // Lists that turn out to be much longer than expected, because of their pages, are read in vain at first.
      const { send, sent } = world.startGateway(false);
      await send({ query, variables: {} }, '1');
      // Nothing is fresh any more, or fresh enough to replace a read that fails.
      world.clock.advance(86_400_000);
      sent.length = 0;
      await checkCost({ send, sent }, operation);
    });
    const check = fc.assert(property, { numRuns: IS_THOROUGH ? 2000 : 50 });
    await expect(
      check.finally(() => shared.sandbox.configure({ responseFormats: DEFAULT_SETTINGS.responseFormats })),
    ).resolves.toBeUndefined();
  },
  timeoutMs(120_000),
);
