import { setTimeout as wait } from 'node:timers/promises';

import { Agent, request } from 'undici';

import type { Fleet } from './fleet.ts';
import type { Replica } from './replica.ts';
import type { Tally } from './tally.ts';

/** An answer of the gateway. */
export interface Reply {
  body: unknown;
  milliseconds: number;
}

/** Asks the replicas in turn, over connections that stay open. */
export interface Client {
  /** Once; null: the connection broke before the answer was there. */
  ask(query: string, variables: object): Promise<Reply | null>;
  /** What only reads: until some replica answers. Null: none did. */
  read(query: string, variables: object): Promise<Reply | null>;
  close(): Promise<void>;
}

/** How often a read is sent. */
const MOST_SENDINGS = 10;
/** Milliseconds: longer than a gateway may take for anything. */
const PATIENCE = 60_000;

export function createClient(fleet: Fleet, tally: Tally): Client {
  const dispatcher = new Agent({ pipelining: 1, headersTimeout: PATIENCE, bodyTimeout: PATIENCE });
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };

  async function send({ origin }: Replica, content: string): Promise<unknown> {
    const url = `${origin}/graphql`;
    const { body } = await request(url, { method: 'POST', headers, body: content, dispatcher });
    const answer: unknown = JSON.parse(await body.text());
    return answer;
  }

  async function ask(query: string, variables: object): Promise<Reply | null> {
    const replica = fleet.pick();
    const began = performance.now();
    try {
      const body = await send(replica, JSON.stringify({ query, variables }));
      return { body, milliseconds: performance.now() - began };
    } catch (error) {
      tally.broke(replica.ending(), 'operation', error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  return {
    ask,
    async read(query, variables) {
      for (let sendings = 1; ; sendings += 1) {
        const reply = await ask(query, variables);
        if (reply !== null || sendings === MOST_SENDINGS) return reply;
        await wait(100 * sendings);
      }
    },
    close: async () => dispatcher.destroy(),
  };
}
