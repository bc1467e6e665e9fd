import { Client, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-sse';

import { observe, type Sink, SUBSCRIPTION, testSubscriptionClient } from '../../live/subscriptionClient.ts';

testSubscriptionClient('urql', ({ served, meetingId, retry }) => {
  const events = createClient({ url: served.url, retry });
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
});

/** Passes graphql-sse's results, which have the form of urql's, to urql. */
function toUrqlSink<Value>(sink: Sink<Value>): Sink<Value> {
  return {
    next: (value) => sink.next(value),
    error: (error) => sink.error(error),
    complete: () => sink.complete(),
  };
}
