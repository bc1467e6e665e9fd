import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../../src/sandbox/random.ts';
import { at, listAt } from '../json.ts';
import type { Client, Reply } from './client.ts';
import { codesIn, countUp, type Tally } from './tally.ts';

/** A livestream that somebody wants, once. */
export interface Want {
  /** Of this one alone. */
  name: string;
  meetingId: string;
  /** How the host learned that it runs; null: it never did. */
  told: 'by the answer' | 'by reading back' | null;
}

export interface HostOptions {
  client: Client;
  tally: Tally;
  random: Random;
  /** What every name begins with. */
  prefix: string;
  meetingId: string;
  isOver: () => boolean;
  /** Once this is so, what was not settled never will be. */
  isTooLate: () => boolean;
}

/** What hosts have done. */
export interface HostReport {
  wants: Want[];
  /** Starts that were sent again after reading back that nothing runs. */
  repeated: number;
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

/** One in so many starts is a double click: sent twice at once, each to a replica of its own. */
const DOUBLE_CLICKS = 5;
/** The longest that a host waits for the budget before it tries again, in seconds. */
const MOST_PATIENCE = 20;

/** Goes live and stops again, in a meeting that is nobody else's, until it is over; then lets nothing run on. */
export async function host(options: HostOptions, report: HostReport): Promise<void> {
  const { client, tally, random, prefix, meetingId, isOver, isTooLate } = options;

  async function send(kind: string, query: string, name: string | null): Promise<Set<string> | null> {
    const reply = await client.ask(query, { meetingId, name });
    if (reply === null) return null;
    tally.answered(kind, reply.body, reply.milliseconds);
    const codes = codesIn(reply.body);
    if (codes.has('RATE_LIMITED')) await wait(Math.min(MOST_PATIENCE, retryAfter(reply)) * 1000);
    return codes;
  }

  /** The name of what runs, '' while it is not told; null: nothing runs. */
  async function activeName(): Promise<string | null> {
    for (;;) {
      const reply = await client.read(ACTIVE, { meetingId });
      const isRead = reply !== null && codesIn(reply.body).size === 0;
      if (reply === null) tally.givenUp += 1;
      else tally.answered('meeting, by hosts', reply.body, reply.milliseconds);
      if (isRead) return nameOf(at(reply.body, 'data', 'meeting', 'activeLivestream'));
      if (isTooLate()) return null;
      await wait(reply === null ? 500 : Math.min(MOST_PATIENCE, Math.max(0.5, retryAfter(reply))) * 1000);
    }
  }

  /** Until it is known to run. A start that may have been carried out is repeated only where nothing runs. */
  async function start(want: Want): Promise<void> {
    for (let sendings = 0; !isTooLate(); sendings += 1) {
      if (sendings > 0) report.repeated += 1;
      const clicks = Array.from({ length: random.between(1, DOUBLE_CLICKS) === 1 ? 2 : 1 }, async () =>
        send('startLivestream', START, want.name),
      );
      if ((await Promise.all(clicks)).some((codes) => codes?.size === 0)) {
        want.told = 'by the answer';
        return;
      }
      if (await runs(want)) {
        want.told = 'by reading back';
        return;
      }
    }
  }

  async function runs(want: Want): Promise<boolean> {
    for (;;) {
      await wait(random.between(300, 800));
      const name = await activeName();
      if (name === null || name === want.name) return name === want.name;
      if (isTooLate()) return false;
      // One of ours whose stop was not carried out, though it was read back as if.
      if (name !== '') await stop(name);
    }
  }

  async function stop(name: string): Promise<void> {
    while (!isTooLate()) {
      const codes = await send('stopLivestream', STOP, null);
      if (codes?.size === 0 || codes?.has('userErrors: NOT_FOUND')) return;
      await wait(random.between(300, 800));
      if ((await activeName()) !== name) return;
    }
  }

  async function pause(from: number, to: number): Promise<void> {
    const until = performance.now() + random.between(from, to);
    while (performance.now() < until && !isOver()) await wait(100);
  }

  await pause(0, 5000);
  while (!isOver()) {
    const want: Want = { name: `${prefix}${report.wants.length + 1}`, meetingId, told: null };
    report.wants.push(want);
    await start(want);
    // Long enough that all there is to tell of it is told.
    await wait(3000);
    await pause(2000, 20_000);
    await stop(want.name);
    await pause(500, 8000);
  }
}

function nameOf(livestream: unknown): string | null {
  if (livestream == null) return null;
  const name = at(livestream, 'name');
  return typeof name === 'string' ? name : '';
}

/** Seconds. */
function retryAfter({ body }: Reply): number {
  const seconds = listAt(body, 'errors').map((error) => Number(at(error, 'extensions', 'retryAfterSeconds') ?? 0));
  return Math.max(0, ...seconds);
}

/** Of each wanted livestream, how many the API has. */
export function countEach(wants: readonly Want[], names: readonly string[]): Map<string, number> {
  const counts = new Map(wants.map(({ name }) => [name, 0]));
  for (const name of names) countUp(counts, name);
  return counts;
}
