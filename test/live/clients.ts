import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';

import { at } from '../support/gateway.ts';
import type { ServedGateway } from '../support/servedGateway.ts';

const SUBSCRIPTION = /* GraphQL */ `
  subscription Updates($meetingId: ID!) {
    livestreamUpdated(meetingId: $meetingId) {
      status
      name
    }
  }
`;

/** What a client has received of a subscription. */
export interface ClientSubscription {
  /** The livestream status in each event; `complete` at the end. */
  statuses: unknown[];
  errors: unknown[];
  unsubscribe: () => void;
}

export interface ClientOptions {
  served: ServedGateway;
  meetingId: string;
  /** Resolves when the client should connect again. */
  retry: () => Promise<void>;
}

interface Sink<Value> {
  next(value: Value): void;
  error(error: unknown): void;
  complete(): void;
}

const statusOf = (result: unknown): unknown => at(result, 'data', 'livestreamUpdated', 'status');

function observe(subscribe: (sink: Sink<unknown>) => () => void): ClientSubscription {
  const statuses: unknown[] = [];
  const errors: unknown[] = [];
  const unsubscribe = subscribe({
    next: (result) => statuses.push(statusOf(result)),
    error: (error) => errors.push(error),
    complete: () => statuses.push('complete'),
  });
  return { statuses, errors, unsubscribe };
}

/** Each client, set up as its README says, except that `retry` replaces its delay before reconnecting. */
export const CLIENTS: Record<string, (options: ClientOptions) => ClientSubscription> = {
  'graphql-sse': ({ served, meetingId, retry }) => {
    const client = createSseClient({ url: served.url, retry });
    return observe((sink) => client.subscribe({ query: SUBSCRIPTION, variables: { meetingId } }, sink));
  },
  'graphql-ws': ({ served, meetingId, retry }) => {
    const client = createSocketClient({ url: served.socketUrl, retryWait: retry });
    return observe((sink) => client.subscribe({ query: SUBSCRIPTION, variables: { meetingId } }, sink));
  },
  'Apollo Client': ({ served, meetingId, retry }) => {
    const link = new GraphQLWsLink(createSocketClient({ url: served.socketUrl, retryWait: retry }));
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    return observe((sink) => {
      const subscription = client.subscribe({ query: gql(SUBSCRIPTION), variables: { meetingId } }).subscribe(sink);
      return () => subscription.unsubscribe();
    });
  },
  urql: ({ served, meetingId, retry }) => {
    const events = createSseClient({ url: served.url, retry });
    const exchange = subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: events.subscribe({ query, variables: { ...variables } }, toUrqlSink(sink)),
        }),
      }),
    });
    const client = new Client({ url: served.url, exchanges: [exchange], preferGetMethod: false });
    return observe((sink) => {
      const subscription = client.subscription(SUBSCRIPTION, { meetingId }).subscribe((result) => sink.next(result));
      return () => subscription.unsubscribe();
    });
  },
};

/** Passes graphql-sse's results, which have the form of urql's, to urql. */
function toUrqlSink<Value>(sink: Sink<Value>): Sink<Value> {
  return {
    next: (value) => sink.next(value),
    error: (error) => sink.error(error),
    complete: () => sink.complete(),
  };
}
