import type { ApolloClient, ObservableQuery } from '@apollo/client';

import type { LivestreamsQuery, LivestreamsQueryVariables } from './generated/graphql';
import { LivestreamChanges } from './operations';

/** The first events come all at once, one for each active livestream: the list is read again once for all of them. */
const BATCH_MS = 200;

/** Keeps a watched list, whose filter is `{ status: 'LIVE' }`, up to date. Returns a function that stops it. */
export function watchLiveList(
  client: ApolloClient,
  list: ObservableQuery<LivestreamsQuery, LivestreamsQueryVariables>,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;

  function readAgain(): void {
    timer = undefined;
    // The error link has shown the user why it failed.
    list.refetch().catch(() => {});
  }

  const subscription = client.subscribe({ query: LivestreamChanges }).subscribe(({ data }) => {
    const { data: shown, dataState } = list.getCurrentResult();
    if (!data) return;
    const { id, status } = data.livestreamUpdated;
    const isListed = dataState === 'complete' && shown.livestreams.edges.some(({ node }) => node.id === id);
    if (isListed !== (status === 'LIVE')) timer ??= setTimeout(readAgain, BATCH_MS);
  });
  return () => {
    clearTimeout(timer);
    subscription.unsubscribe();
  };
}
