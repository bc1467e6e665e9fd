import { setTimeout as wait } from 'node:timers/promises';

import { Agent, request } from 'undici';

import { at, listAt } from '../jsonPath.ts';

/** What became of a caller's operations. */
export interface Outcomes {
  /** Milliseconds until the response of each operation that was served. */
  servedMs: number[];
  /** Operations with an error, by its code and scope. */
  refused: Map<string, number>;
}

/** A caller, by its API key. It asks each replica in turn, each time for a livestream that nobody has asked for. */
export interface Caller {
  /** Asks for one thing a second, and adds what becomes of it to `outcomes`. */
  askEachSecond(seconds: number, outcomes: Outcomes): Promise<void>;
  /** Asks without limit, over several connections and without heeding `retryAfterSeconds`, until the signal is aborted. */
  askWithoutLimit(signal: AbortSignal, outcomes: Outcomes): Promise<void>;
  close: () => Promise<void>;
}

const CONNECTIONS = 10;
/** How long a connection pauses after a response. Otherwise, errors would take all of the CPU, which is not what is measured. */
const PAUSE_MS = 50;
/** Outcomes of no operations. */
export const noOutcomes = (): Outcomes => ({ servedMs: [], refused: new Map() });

const QUERY = 'query ($id: ID!) { livestream(id: $id) { name } }';

export function createCaller(origins: readonly string[], apiKey: string): Caller {
  const dispatcher = new Agent({ pipelining: 1 });
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'x-api-key': apiKey };
  let asked = 0;

  async function ask({ servedMs, refused }: Outcomes): Promise<void> {
    const origin = origins[asked % origins.length] ?? '';
    asked += 1;
    const startedAt = performance.now();
    const body = JSON.stringify({ query: QUERY, variables: { id: crypto.randomUUID() } });
    const response = await request(`${origin}/graphql`, { method: 'POST', headers, body, dispatcher });
    const result: unknown = await response.body.json();
    const durationMs = performance.now() - startedAt;
    const extensions = at(result, 'errors') === undefined ? null : at(listAt(result, 'errors')[0], 'extensions');
    if (extensions === null) return void servedMs.push(durationMs);
    const scope = at(extensions, 'scope') === 'caller' ? ' caller' : '';
    const reason = String(at(extensions, 'code')) + scope;
    refused.set(reason, (refused.get(reason) ?? 0) + 1);
  }

  return {
    async askEachSecond(seconds, outcomes) {
      const startedAt = performance.now();
      const pending: Promise<void>[] = [];
      for (let second = 0; second < seconds; second += 1) {
        await wait(Math.max(0, startedAt + second * 1000 - performance.now()));
        pending.push(ask(outcomes));
      }
      await Promise.all(pending);
      await wait(Math.max(0, startedAt + seconds * 1000 - performance.now()));
    },
    async askWithoutLimit(signal, outcomes) {
      const connections = Array.from({ length: CONNECTIONS }, async () => {
        for (; !signal.aborted; await wait(PAUSE_MS)) await ask(outcomes);
      });
      await Promise.all(connections);
    },
    close: async () => dispatcher.destroy(),
  };
}
