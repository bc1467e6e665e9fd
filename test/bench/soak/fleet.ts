import { setTimeout as wait } from 'node:timers/promises';

import { request } from 'undici';

import { type Ending, type Replica, startReplica } from './replica.ts';
import { countUp } from './tally.ts';

/** Milliseconds between two looks at who is ready, as a proxy's health checks. */
const CHECK_EVERY = 200;
/** The same for the last of them to be ready. */
const MOST_START_TIME = 60_000;
const CHECK_TIMEOUT = 1000;

/** Several replicas, and who of them takes requests. */
export interface Fleet {
  /** The one that is never ended. */
  control: Replica;
  /** The next of those that are ready. */
  pick(): Replica;
  /** Ends one that is up, the control never, and starts another in its place after a while; false: none can be spared. */
  restart(how: Ending, which: number, downMs: number): Promise<boolean>;
  /** Until all are up and ready. */
  whole(): Promise<void>;
  /** How often each way of ending was used. */
  endings: ReadonlyMap<string, number>;
  /** What ended otherwise than it should. */
  accidents: readonly string[];
  /** Log lines of the level `error` of all that ever ran, by their message. */
  errors(): Map<string, number>;
  end: () => Promise<void>;
}

export async function startFleet(size: number, env: Record<string, string>): Promise<Fleet> {
  const accidents: string[] = [];
  const endings = new Map<string, number>();
  const all: Replica[] = [];
  const running = new Set<Replica>();
  const ready = new Set<Replica>();
  /** By their places; null: it is down or about to be. */
  const places: (Replica | null)[] = [];
  let turn = 0;

  async function start(place: number): Promise<Replica> {
    const replica = await startReplica(place === 0 ? 'control' : `replica ${place}`, env);
    all.push(replica);
    running.add(replica);
    places[place] = replica;
    void replica.accident.then((how) => {
      places[place] = null;
      remove(replica);
      return accidents.push(how);
    });
    return replica;
  }

  function remove(replica: Replica): void {
    running.delete(replica);
    ready.delete(replica);
  }

  async function check(): Promise<void> {
    // Those that drain too: that they want nothing more is found out, as by a proxy.
    const up = [...running];
    const answers = await Promise.all(up.map(isReady));
    for (const [index, replica] of up.entries()) {
      if (answers[index] === true && running.has(replica)) ready.add(replica);
      else ready.delete(replica);
    }
  }

  const starting = Array.from({ length: size }, async (_, place) => start(place));
  const [control] = await Promise.all(starting).catch(async (error: unknown) => {
    await Promise.allSettled(starting);
    await Promise.all(all.map(async (replica) => replica.end('SIGKILL')));
    throw error;
  });
  if (control === undefined) throw new Error('A fleet has one replica or more.');
  await check();
  const over = new AbortController();
  const checking = (async () => {
    for (; !over.signal.aborted; await wait(CHECK_EVERY)) await check();
  })();

  return {
    control,
    pick() {
      turn += 1;
      // Those that a proxy would try when its checks fail for all.
      const candidates = ready.size > 0 ? [...ready] : places.filter((replica) => replica !== null);
      return candidates[turn % candidates.length] ?? control;
    },
    async restart(how, which, downMs) {
      const place = 1 + (which % (size - 1));
      const replica = places[place];
      if (replica == null) return false;
      places[place] = null;
      countUp(endings, how);
      const problem = await replica.end(how);
      remove(replica);
      if (problem !== null) accidents.push(problem);
      await wait(downMs);
      if (!over.signal.aborted) await start(place).catch((error: unknown) => accidents.push(String(error)));
      return true;
    },
    async whole() {
      const until = performance.now() + MOST_START_TIME;
      while (ready.size < size && performance.now() < until) await wait(CHECK_EVERY);
    },
    endings,
    accidents,
    errors() {
      const errors = new Map<string, number>();
      for (const replica of all) for (const [message, count] of replica.errors) countUp(errors, message, count);
      return errors;
    },
    async end() {
      over.abort();
      await checking;
      await Promise.all(places.map(async (replica) => replica?.end('SIGKILL')));
    },
  };
}

async function isReady({ origin }: Replica): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${origin}/ready`, {
      // Or it would be among the sockets that a replica holds.
      reset: true,
      signal: AbortSignal.timeout(CHECK_TIMEOUT),
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
