import type { ApolloClient } from '@apollo/client';

import { LivestreamUpdated } from './operations';

/** Keeps the cache, and so all that is shown of a meeting's livestream, up to date. Returns a function that stops it. */
export function watchMeeting(client: ApolloClient, meetingId: string): () => void {
  const subscription = client.subscribe({ query: LivestreamUpdated, variables: { meetingId } }).subscribe(() => {});
  return () => subscription.unsubscribe();
}
