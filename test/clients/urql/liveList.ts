import type { Client } from '@urql/core';

import type { LivestreamsQueryVariables } from './generated/graphql';
import { LivestreamChanges, Livestreams } from './operations';

/** The first events come all at once, one for each active livestream: the list is read again once for all of them. */
const BATCH_MS = 200;

/** Keeps the list with these variables, whose filter is `{ status: 'LIVE' }`, up to date. Returns a function that stops it. */
export function watchLiveList(client: Client, variables: LivestreamsQueryVariables): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;

  function readAgain(): void {
    timer = undefined;
    void client.query(Livestreams, variables, { requestPolicy: 'network-only' }).toPromise();
  }

  const { unsubscribe } = client.subscription(LivestreamChanges, {}).subscribe(({ data }) => {
    if (!data) return;
    const { id, status } = data.livestreamUpdated;
    const shown = client.readQuery(Livestreams, variables, { requestPolicy: 'cache-only' })?.data;
    const isListed = shown?.livestreams.edges.some(({ node }) => node.id === id) ?? false;
    if (isListed !== (status === 'LIVE')) timer ??= setTimeout(readAgain, BATCH_MS);
  });
  return () => {
    clearTimeout(timer);
    unsubscribe();
  };
}
