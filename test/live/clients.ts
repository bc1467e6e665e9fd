import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';

import { at } from '../support/gateway.ts';
import type { Served } from '../support/served.ts';

export const WATCH = /* GraphQL */ `
  subscription Watch($id: ID!) {
    livestreamUpdated(meetingId: $id) {
      status
      name
    }
  }
`;

/** What one who watches has seen. */
export interface Watcher {
  /** The status in each event. */
  statuses: unknown[];
  errors: unknown[];
  /** Unsubscribes. */
  leave: () => void;
}

export interface WatchOptions {
  served: Served;
  /** Of the meeting. */
  id: string;
  /** Resolves when it is worth connecting again. */
  retry: () => Promise<void>;
}

interface Sink<Value> {
  next(value: Value): void;
  error(error: unknown): void;
  complete(): void;
}

const statusIn = (result: unknown): unknown => at(result, 'data', 'livestreamUpdated', 'status');

function watcher(subscribe: (sink: Sink<unknown>) => () => void): Watcher {
  const statuses: unknown[] = [];
  const errors: unknown[] = [];
  const leave = subscribe({
    next: (result) => statuses.push(statusIn(result)),
    error: (error) => errors.push(error),
    complete: () => statuses.push('complete'),
  });
  return { statuses, errors, leave };
}

/** Each client as its README says, except that it waits for `retry` and not for some time. */
export const CLIENTS: Record<string, (options: WatchOptions) => Watcher> = {
  'graphql-sse': ({ served, id, retry }) => {
    const client = createSseClient({ url: served.url, retry });
    return watcher((sink) => client.subscribe({ query: WATCH, variables: { id } }, sink));
  },
  'graphql-ws': ({ served, id, retry }) => {
    const client = createSocketClient({ url: served.socketUrl, retryWait: retry });
    return watcher((sink) => client.subscribe({ query: WATCH, variables: { id } }, sink));
  },
  'Apollo Client': ({ served, id, retry }) => {
    const link = new GraphQLWsLink(createSocketClient({ url: served.socketUrl, retryWait: retry }));
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    return watcher((sink) => {
      const subscription = client.subscribe({ query: gql(WATCH), variables: { id } }).subscribe(sink);
      return () => subscription.unsubscribe();
    });
  },
  urql: ({ served, id, retry }) => {
    const events = createSseClient({ url: served.url, retry });
    const exchange = subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: events.subscribe({ query, variables: { ...variables } }, forwarded(sink)),
        }),
      }),
    });
    const client = new Client({ url: served.url, exchanges: [exchange], preferGetMethod: false });
    return watcher((sink) => {
      const subscription = client.subscription(WATCH, { id }).subscribe((result) => sink.next(result));
      return () => subscription.unsubscribe();
    });
  },
};

/** Of graphql-sse's results to urql's, which have the same form. */
function forwarded<Value>(sink: Sink<Value>): Sink<Value> {
  return {
    next: (value) => sink.next(value),
    error: (error) => sink.error(error),
    complete: () => sink.complete(),
  };
}
