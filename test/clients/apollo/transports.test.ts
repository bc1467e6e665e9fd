import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';

import { observe, SUBSCRIPTION, testSubscriptionClient } from '../../live/subscriptionClient.ts';

testSubscriptionClient('Apollo Client', ({ served, meetingId, retry }) => {
  const link = new GraphQLWsLink(createClient({ url: served.socketUrl, retryWait: retry }));
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return observe((sink) => {
    const subscription = client.subscribe({ query: gql(SUBSCRIPTION), variables: { meetingId } }).subscribe(sink);
    return () => subscription.unsubscribe();
  });
});
