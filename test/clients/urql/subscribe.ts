import type { Client } from '@urql/core';

import { LivestreamUpdated } from './operations';

/** Keeps the cache, and so all that is shown of a meeting's livestream, up to date. Returns a function that stops it. */
export function watchMeeting(client: Client, meetingId: string): () => void {
  const { unsubscribe } = client.subscription(LivestreamUpdated, { meetingId }).subscribe(() => {});
  return unsubscribe;
}
