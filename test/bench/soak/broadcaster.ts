import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../../src/sandbox/random.ts';
import { at, listAt } from '../jsonPath.ts';
import { errorCodesOf, increment, type SoakCounters } from './counters.ts';
import type { GraphqlClient, GraphqlResponse } from './graphqlClient.ts';

/** A livestream that a broadcaster wants to start exactly once. */
export interface Broadcast {
  /** Unique, to recognize the livestream. */
  name: string;
  meetingId: string;
  /** How the broadcaster learned that the livestream is active, or null if it never did. */
  confirmedBy: 'mutation' | 'reading back' | null;
}

export interface BroadcasterOptions {
  client: GraphqlClient;
  counters: SoakCounters;
  random: Random;
  /** The prefix of every livestream's name. */
  namePrefix: string;
  meetingId: string;
  isOver: () => boolean;
  /** When this returns true, the broadcaster gives up what it has not been able to finish. */
  isTimedOut: () => boolean;
}

/** What all broadcasters have done. */
export interface BroadcastReport {
  broadcasts: Broadcast[];
  /** Starts that were sent again because reading back had shown that the livestream was not active. */
  repeatedStarts: number;
}

const START = /* GraphQL */ `
  mutation ($meetingId: ID!, $name: String) {
    startLivestream(input: { meetingId: $meetingId, name: $name }) {
      livestream {
        id
        name
      }
      userErrors {
        code
      }
    }
  }
`;
const STOP = /* GraphQL */ `
  mutation ($meetingId: ID!) {
    stopLivestream(input: { meetingId: $meetingId }) {
      userErrors {
        code
      }
    }
  }
`;
const ACTIVE = 'query ($meetingId: ID!) { meeting(id: $meetingId) { activeLivestream { id name } } }';

/** One of this many starts is a double click: two concurrent mutations, each to another replica. */
const STARTS_PER_DOUBLE_CLICK = 5;
/** The longest wait after `RATE_LIMITED`. */
const MAX_RETRY_AFTER_SECONDS = 20;

/**
 * Starts and stops livestreams in a meeting that no other broadcaster uses, until `isOver`. Then stops the last one. Adds to
 * `report`.
 */
export async function runBroadcaster(options: BroadcasterOptions, report: BroadcastReport): Promise<void> {
  const { client, counters, random, namePrefix, meetingId, isOver, isTimedOut } = options;

  /** Sends a mutation. Returns its error codes, or null if the connection broke. */
  async function mutate(kind: string, mutation: string, name: string | null): Promise<Set<string> | null> {
    const response = await client.send(mutation, { meetingId, name });
    if (response === null) return null;
    counters.recordResult(kind, response.body, response.durationMs);
    const codes = errorCodesOf(response.body);
    if (codes.has('RATE_LIMITED')) await wait(Math.min(MAX_RETRY_AFTER_SECONDS, retryAfterSeconds(response)) * 1000);
    return codes;
  }

  /** Returns the active livestream's name, '' while its name is missing, or null if no livestream is active. */
  async function fetchActiveName(): Promise<string | null> {
    for (;;) {
      const response = await client.sendQuery(ACTIVE, { meetingId });
      const hasSucceeded = response !== null && errorCodesOf(response.body).size === 0;
      if (response === null) counters.unanswered += 1;
      else counters.recordResult('meeting (broadcasters)', response.body, response.durationMs);
      if (hasSucceeded) return nameOf(at(response.body, 'data', 'meeting', 'activeLivestream'));
      if (isTimedOut()) return null;
      const delaySeconds =
        response === null ? 0.5 : Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(0.5, retryAfterSeconds(response)));
      await wait(delaySeconds * 1000);
    }
  }

  /** Starts until the livestream is known to be active. Repeats a start only after reading back that it did not succeed. */
  async function start(broadcast: Broadcast): Promise<void> {
    for (let attempt = 0; !isTimedOut(); attempt += 1) {
      if (attempt > 0) report.repeatedStarts += 1;
      const clickCount = random.between(1, STARTS_PER_DOUBLE_CLICK) === 1 ? 2 : 1;
      const clicks = Array.from({ length: clickCount }, async () => mutate('startLivestream', START, broadcast.name));
      if ((await Promise.all(clicks)).some((codes) => codes?.size === 0)) {
        broadcast.confirmedBy = 'mutation';
        return;
      }
      if (await isActive(broadcast)) {
        broadcast.confirmedBy = 'reading back';
        return;
      }
    }
  }

  async function isActive(broadcast: Broadcast): Promise<boolean> {
    for (;;) {
      await wait(random.between(300, 800));
      const name = await fetchActiveName();
      if (name === null || name === broadcast.name) return name === broadcast.name;
      if (isTimedOut()) return false;
      // The previous livestream is still active: its stop failed, although reading back suggested success.
      if (name !== '') await stop(name);
    }
  }

  async function stop(name: string): Promise<void> {
    while (!isTimedOut()) {
      const codes = await mutate('stopLivestream', STOP, null);
      if (codes?.size === 0 || codes?.has('userErrors: NOT_FOUND')) return;
      await wait(random.between(300, 800));
      if ((await fetchActiveName()) !== name) return;
    }
  }

  async function pause(minMs: number, maxMs: number): Promise<void> {
    const endsAt = performance.now() + random.between(minMs, maxMs);
    while (performance.now() < endsAt && !isOver()) await wait(100);
  }

  await pause(0, 5000);
  while (!isOver()) {
    const name = `${namePrefix}${report.broadcasts.length + 1}`;
    const broadcast: Broadcast = { name, meetingId, confirmedBy: null };
    report.broadcasts.push(broadcast);
    await start(broadcast);
    // Long enough for the livestream's name, playback URL and session to appear.
    await wait(3000);
    await pause(2000, 20_000);
    await stop(broadcast.name);
    await pause(500, 8000);
  }
}

function nameOf(livestream: unknown): string | null {
  if (livestream == null) return null;
  const name = at(livestream, 'name');
  return typeof name === 'string' ? name : '';
}

/** Returns the longest `retryAfterSeconds` of all errors, or 0. */
function retryAfterSeconds({ body }: GraphqlResponse): number {
  const delays = listAt(body, 'errors').map((error) => Number(at(error, 'extensions', 'retryAfterSeconds') ?? 0));
  return Math.max(0, ...delays);
}

/** Counts the livestreams of each name, with 0 for a broadcast that the API does not have. */
export function countByName(broadcasts: readonly Broadcast[], names: readonly string[]): Map<string, number> {
  const counts = new Map(broadcasts.map(({ name }) => [name, 0]));
  for (const name of names) increment(counts, name);
  return counts;
}
