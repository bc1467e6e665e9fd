// #region cache-key
import type { QueryClient } from '@tanstack/query-core';

import { userErrorMessage } from '../errors.ts';
import { OperationError } from '../operationError.ts';
import { documentIdOf, type Gateway, type Result } from './gateway.ts';
import type { LivestreamRowFragment, MeetingPageQuery } from './generated/graphql';
import { LivestreamUpdated, MeetingPage, StartLivestream } from './operations.ts';

/** The key of the page's data in the cache: the document and its variables. */
export const keyOf = (id: string) => [documentIdOf(MeetingPage), { id }];

/** The query of the page, for `useQuery`, `fetchQuery` and the like. */
export const meetingQuery = (gateway: Gateway, id: string) => ({
  queryKey: keyOf(id),
  queryFn: async ({ signal }: { signal: AbortSignal }) => gateway.execute(MeetingPage, { id }, signal),
});

/** Shows another livestream as that of the meeting. */
function setLivestream(cache: QueryClient, id: string, activeLivestream: LivestreamRowFragment | null): void {
  cache.setQueryData<Result<MeetingPageQuery>>(keyOf(id), (page) => {
    const meeting = page?.data.meeting;
    return meeting ? { data: { meeting: { ...meeting, activeLivestream } }, errors: [] } : page;
  });
}
// #endregion

// #region mutation
/** Starts a livestream. Returns what the user should read: null if it has started. */
export async function startLivestream(
  { cache, gateway }: { cache: QueryClient; gateway: Gateway },
  meetingId: string,
  name: string,
): Promise<string | null> {
  await cache.cancelQueries({ queryKey: keyOf(meetingId) });
  const before = cache.getQueryData(keyOf(meetingId));
  setLivestream(cache, meetingId, { id: 'starting', name, status: 'INVOKED' });
  try {
    const { data, errors } = await gateway.execute(StartLivestream, { input: { meetingId, name } });
    if (errors[0]) throw errors[0];
    const { meeting, userErrors = [] } = data.startLivestream ?? {};
    setLivestream(cache, meetingId, meeting?.activeLivestream ?? null);
    return userErrors[0] ? userErrorMessage(userErrors[0]) : null;
  } catch (error) {
    cache.setQueryData(keyOf(meetingId), before);
    if (error instanceof OperationError) return error.message;
    throw error;
  }
}
// #endregion

// #region subscription
/** Shows each change of the meeting's livestream, until the signal is aborted. */
export async function followMeeting(
  { cache, gateway }: { cache: QueryClient; gateway: Gateway },
  meetingId: string,
  signal: AbortSignal,
): Promise<void> {
  for await (const { livestreamUpdated } of gateway.subscribe(LivestreamUpdated, { meetingId }, signal))
    setLivestream(cache, meetingId, livestreamUpdated);
}
// #endregion
