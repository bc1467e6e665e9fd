import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../../src/sandbox/random.ts';
import { at } from '../jsonPath.ts';
import { errorCodesOf, type SoakCounters } from './counters.ts';
import type { GraphqlClient } from './graphqlClient.ts';
import { pickReadQuery, type QueryIds, type ReadQuery } from './readQueries.ts';

/** No query is sent while this many are in flight. */
const MAX_IN_FLIGHT = 300;

/** Sends mixed queries at a steady rate, however slow the responses are, until `isOver`. Resolves when none is in flight. */
export async function runQueryLoad(
  { client, counters, random, ids }: { client: GraphqlClient; counters: SoakCounters; random: Random; ids: QueryIds },
  queriesPerSecond: number,
  isOver: () => boolean,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let sent = 0; !isOver(); sent += 1) {
    const delayMs = startedAt + (sent * 1000) / queriesPerSecond - performance.now();
    if (delayMs > 0) await wait(delayMs);
    if (inFlight.size >= MAX_IN_FLIGHT) await Promise.race(inFlight);
    const pending = runQuery(client, counters, pickReadQuery(random, ids));
    inFlight.add(pending);
    void pending.finally(() => inFlight.delete(pending));
  }
  await Promise.all(inFlight);
}

async function runQuery(
  client: GraphqlClient,
  counters: SoakCounters,
  { kind, query, variables, isExpected }: ReadQuery,
): Promise<void> {
  const startedAt = performance.now();
  const response = await client.sendQuery(query, variables);
  if (response === null) {
    counters.unanswered += 1;
    return;
  }
  const isValid = errorCodesOf(response.body).size > 0 || isExpected(at(response.body, 'data'));
  const problem = isValid ? null : `unexpected data: ${kind}`;
  counters.recordResult(kind, response.body, performance.now() - startedAt, problem);
}
