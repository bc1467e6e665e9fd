import { setTimeout as wait } from 'node:timers/promises';

import { Agent, request } from 'undici';

import type { SoakCounters } from './counters.ts';
import type { ReplicaProcess } from './replicaProcess.ts';
import type { ReplicaSet } from './replicaSet.ts';

/** A response of the gateway. */
export interface GraphqlResponse {
  body: unknown;
  durationMs: number;
}

/** Sends operations to the replicas in turn, over keep-alive connections. */
export interface GraphqlClient {
  /** Sends an operation once. Resolves with null if the connection broke before the response was complete. */
  send(query: string, variables: object): Promise<GraphqlResponse | null>;
  /** Sends a query until a replica responds. Resolves with null after too many attempts. */
  sendQuery(query: string, variables: object): Promise<GraphqlResponse | null>;
  close(): Promise<void>;
}

const MAX_QUERY_ATTEMPTS = 10;
/** Longer than the gateway's own timeouts. */
const RESPONSE_TIMEOUT_MS = 60_000;

export function createGraphqlClient(replicas: ReplicaSet, counters: SoakCounters): GraphqlClient {
  const dispatcher = new Agent({
    pipelining: 1,
    headersTimeout: RESPONSE_TIMEOUT_MS,
    bodyTimeout: RESPONSE_TIMEOUT_MS,
  });
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };

  async function post({ origin }: ReplicaProcess, content: string): Promise<unknown> {
    const url = `${origin}/graphql`;
    const response = await request(url, { method: 'POST', headers, body: content, dispatcher });
    const body: unknown = JSON.parse(await response.body.text());
    return body;
  }

  async function send(query: string, variables: object): Promise<GraphqlResponse | null> {
    const replica = replicas.pick();
    const startedAt = performance.now();
    try {
      const body = await post(replica, JSON.stringify({ query, variables }));
      return { body, durationMs: performance.now() - startedAt };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      counters.recordBrokenConnection(replica.stopSignal(), 'operation', message);
      return null;
    }
  }

  return {
    send,
    async sendQuery(query, variables) {
      for (let attempt = 1; ; attempt += 1) {
        const response = await send(query, variables);
        if (response !== null || attempt === MAX_QUERY_ATTEMPTS) return response;
        await wait(100 * attempt);
      }
    },
    close: async () => dispatcher.destroy(),
  };
}
