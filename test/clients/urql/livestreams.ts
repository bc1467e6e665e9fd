import type { Client } from '@urql/core';

import { userErrorMessage } from '../errors';
import type { LivestreamsQuery } from './generated/graphql';
import { Livestreams, StartLivestream, StopLivestream } from './operations';

// #region pagination
/** Loads the next page. Resolves with the list of all pages so far. */
export async function loadMore(client: Client, list?: LivestreamsQuery): Promise<LivestreamsQuery> {
  const after = list?.livestreams.pageInfo.endCursor;
  const { data, error } = await client.query(Livestreams, { first: 100, after });
  if (!data) throw error;
  return data;
}
// #endregion

// #region mutations
/** Starts a livestream. Resolves with what the user is shown if it is rejected. */
export async function startLivestream(client: Client, meetingId: string, name: string): Promise<string[]> {
  const { data, error } = await client.mutation(StartLivestream, { input: { meetingId, name } });
  if (error !== undefined) throw error;
  return data?.startLivestream?.userErrors.map(userErrorMessage) ?? [];
}

/** Stops a meeting's livestream. Resolves with what the user is shown if there is none. */
export async function stopLivestream(client: Client, meetingId: string): Promise<string[]> {
  const { data, error } = await client.mutation(StopLivestream, { input: { meetingId } });
  if (error !== undefined) throw error;
  return data?.stopLivestream?.userErrors.map(userErrorMessage) ?? [];
}
// #endregion
