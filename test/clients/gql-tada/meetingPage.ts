// #region typed-query
import type { Client } from '@urql/core';

import { userErrorMessage } from '../errors.ts';
import { LivestreamUpdated, MeetingPage, StartLivestream, textOf } from './operations.ts';
import { toOperationError } from './toOperationError.ts';

/** What the page shows. */
export interface MeetingView {
  title: string | null;
  livestream: string | null;
  /** What went wrong. */
  problem: string | null;
}

type Show = (change: Partial<MeetingView>) => void;

/** Shows the meeting, and again whenever the cached data has changed. Returns a function that ends this. */
export function showMeeting(client: Client, id: string, show: Show): () => void {
  const { unsubscribe } = client.query(MeetingPage, { id }).subscribe(({ data, error, stale }) => {
    if (stale) return;
    const { title = null, activeLivestream } = data?.meeting ?? {};
    const livestream = activeLivestream ? textOf(activeLivestream) : null;
    show({ title, livestream, problem: error ? toOperationError(error).message : null });
  });
  return unsubscribe;
}
// #endregion

// #region mutation
/** Starts a livestream. The page shows it before the gateway responds, and what the gateway says after that. */
export async function startLivestream(client: Client, meetingId: string, name: string, show: Show): Promise<void> {
  show({ livestream: `${name}: starting`, problem: null });
  const { data, error } = await client.mutation(StartLivestream, { input: { meetingId, name } }).toPromise();
  const { meeting, userErrors = [] } = data?.startLivestream ?? {};
  const [userError] = userErrors;
  show({
    livestream: meeting?.activeLivestream ? textOf(meeting.activeLivestream) : null,
    problem: userError ? userErrorMessage(userError) : error ? toOperationError(error).message : null,
  });
}
// #endregion

// #region subscription
/** Shows each change of the meeting's livestream. Returns a function that ends this. */
export function followMeeting(client: Client, meetingId: string, show: Show): () => void {
  const { unsubscribe } = client.subscription(LivestreamUpdated, { meetingId }).subscribe(({ data, error }) => {
    if (data) show({ livestream: textOf(data.livestreamUpdated) });
    if (error) show({ problem: toOperationError(error).message });
  });
  return unsubscribe;
}
// #endregion
