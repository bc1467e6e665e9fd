import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { DEFAULT_TTL } from '../../src/data/cache/ttl.ts';
import { at } from '../support/gateway.ts';
import { type Federation, HIVE, startFederation } from './federation.ts';
import { HIVE_GATEWAY_WITH_CACHE } from './startRouter.ts';

const NAMES = '{ livestreams(first: 3) { nodes { id name } } }';
const ENTITIES = '{ plannedMeetings { agenda activeLivestream { name } } }';
const FRESH = { ttl: { ...DEFAULT_TTL, statusMs: 60_000 } };
const SHORT = { ttl: { ...DEFAULT_TTL, statusMs: 900, metersMs: 900 } };

describe.each(['private', 'public'] as const)("Hive Gateway's response cache with CACHE_HEADERS=%s", (cacheHeaders) => {
  let federation: Federation;
  beforeAll(async () => {
    const options = { cacheHeaders, caching: FRESH };
    federation = await startFederation({ ...HIVE, router: HIVE_GATEWAY_WITH_CACHE, options });
  });
  afterAll(async () => federation[Symbol.asyncDispose]());
  beforeEach(() => federation.livestreams.renew());

  /** Sends a query twice, as one caller or two. Returns what the cache says of the first result, and the requests to this gateway. */
  async function executeTwice(query: string, callers = ['one', 'one']) {
    const { agenda, execute, livestreams } = federation;
    agenda.plan(livestreams.sandbox.exampleIds.liveMeetingId);
    const results = [];
    for (const caller of callers) results.push(await execute(query, {}, { authorization: `Bearer ${caller}` }));
    const [first, second] = results;
    expect(second?.data).toEqual(first?.data);
    return { cache: at(first?.extensions, 'responseCache'), requests: livestreams.httpAuthorizations().length };
  }

  test.each([NAMES, ENTITIES])(
    'answers a repeated query as long as the response of this gateway is fresh: %s',
    async (query) => {
      const { cache, requests } = await executeTwice(query);
      expect([at(cache, 'didCache'), requests]).toEqual([true, 1]);
      expect(at(cache, 'ttl')).toBeGreaterThan(50_000);
      expect(at(cache, 'ttl')).toBeLessThanOrEqual(60_000);
    },
  );

  test.each([
    '{ livestreams(first: 3) { nodes { streamKey } } }',
    '{ livestreams(first: 3) { nodes { key: streamKey } } }',
    '{ livestreams(first: 3) { nodes { ...F } } } fragment F on Livestream { key: ingestServer }',
    '{ upstreamBudget { limit } }',
    '{ livestreams(first: 3) { nodes { id } } livestream(id: "a/b") { id } }',
  ])('does not keep what must not be stored: %s', async (query) => {
    expect((await executeTwice(query)).requests).toBe(2);
  });

  test('does not give one caller the response of another', async () => {
    expect((await executeTwice('{ livestreams(first: 4) { nodes { name } } }', ['two', 'three'])).requests).toBe(2);
  });
});

test("Hive Gateway's response cache does not keep what is fresh for less than a second", async () => {
  await using federation = await startFederation({
    ...HIVE,
    router: HIVE_GATEWAY_WITH_CACHE,
    options: { caching: SHORT },
  });
  for (let time = 0; time < 2; time += 1) await federation.execute(NAMES);
  expect(federation.livestreams.httpAuthorizations()).toHaveLength(2);
});
