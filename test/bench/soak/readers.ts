import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../../src/sandbox/random.ts';
import type { Client } from './client.ts';
import { type KnownIds, pickRead, type Read } from './queries.ts';
import { codesIn, type Tally } from './tally.ts';
import { at } from '../json.ts';

/** How many may wait for their answers: while all do, none is sent. */
const MOST_UNDER_WAY = 300;

/** Sends mixed queries at a steady rate, whatever the answers take, until `isOver`; resolves once all are answered. */
export async function readSteadily(
  { client, tally, random, ids }: { client: Client; tally: Tally; random: Random; ids: KnownIds },
  requestsPerSecond: number,
  isOver: () => boolean,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const began = performance.now();
  for (let sent = 0; !isOver(); sent += 1) {
    const ahead = began + (sent * 1000) / requestsPerSecond - performance.now();
    if (ahead > 0) await wait(ahead);
    if (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
    const reading = readOne(client, tally, pickRead(random, ids));
    underWay.add(reading);
    void reading.finally(() => underWay.delete(reading));
  }
  await Promise.all(underWay);
}

async function readOne(client: Client, tally: Tally, { kind, query, variables, isRight }: Read): Promise<void> {
  const began = performance.now();
  const reply = await client.read(query, variables);
  if (reply === null) {
    tally.givenUp += 1;
    return;
  }
  const isAnswer = codesIn(reply.body).size > 0 || isRight(at(reply.body, 'data'));
  const problem = isAnswer ? null : `not what was asked: ${kind}`;
  tally.answered(kind, reply.body, performance.now() - began, problem);
}
