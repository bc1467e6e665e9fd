import { useMemo } from 'react';
import { graphql, useSubscription } from 'react-relay';
import type { GraphQLSubscriptionConfig } from 'relay-runtime';

import type { useMeetingUpdatesSubscription } from './__generated__/useMeetingUpdatesSubscription.graphql';

/** Keeps the store current: every component that shows the meeting's livestream renders again when it changes. */
export function useMeetingUpdates(meetingId: string, onError: (error: Error) => void): void {
  const config = useMemo(
    (): GraphQLSubscriptionConfig<useMeetingUpdatesSubscription> => ({
      subscription: graphql`
        subscription useMeetingUpdatesSubscription($meetingId: ID!) {
          livestreamUpdated(meetingId: $meetingId) {
            id
            name
            status
            meeting {
              id
              activeLivestream {
                id
              }
            }
          }
        }
      `,
      variables: { meetingId },
      onError,
    }),
    [meetingId, onError],
  );
  useSubscription(config);
}
