import type { ApolloClient } from '@apollo/client';

import { userErrorMessage } from '../errors';
import { StartLivestream, StopLivestream } from './operations';

/** Starts a livestream. The meeting is shown as starting at once; if the start is rejected, it is not any more. */
export async function startLivestream(client: ApolloClient, meetingId: string, name: string): Promise<string[]> {
  const { data } = await client.mutate({
    mutation: StartLivestream,
    variables: { input: { meetingId, name } },
    optimisticResponse: {
      __typename: 'Mutation',
      startLivestream: {
        __typename: 'StartLivestreamPayload',
        meeting: {
          __typename: 'Meeting',
          id: meetingId,
          activeLivestream: { __typename: 'Livestream', id: 'optimistic', status: 'INVOKED', playbackUrl: null },
        },
        userErrors: [],
      },
    },
  });
  return data?.startLivestream.userErrors.map(userErrorMessage) ?? [];
}

/** Stops a meeting's livestream. The meeting is shown without it at once; if the stop is rejected, it appears again. */
export async function stopLivestream(client: ApolloClient, meetingId: string): Promise<string[]> {
  const { data } = await client.mutate({
    mutation: StopLivestream,
    variables: { input: { meetingId } },
    optimisticResponse: {
      __typename: 'Mutation',
      stopLivestream: {
        __typename: 'StopLivestreamPayload',
        meeting: { __typename: 'Meeting', id: meetingId, activeLivestream: null },
        userErrors: [],
      },
    },
  });
  return data?.stopLivestream.userErrors.map(userErrorMessage) ?? [];
}
