import { useState } from 'react';
import { graphql, useLazyLoadQuery } from 'react-relay';

import type { MeetingPageQuery } from './__generated__/MeetingPageQuery.graphql';
import type { FetchOptions } from './ErrorBoundary.tsx';
import { LivestreamRow } from './LivestreamRow.tsx';
import { StartButton } from './StartButton.tsx';
import { useMeetingUpdates } from './useMeetingUpdates.ts';

export function MeetingPage({ id, options }: { id: string; options: FetchOptions }) {
  const [error, setError] = useState<Error | null>(null);
  useMeetingUpdates(id, setError);
  const { meeting } = useLazyLoadQuery<MeetingPageQuery>(
    graphql`
      query MeetingPageQuery($id: ID!) @throwOnFieldError {
        meeting(id: $id) {
          title
          activeLivestream {
            ...LivestreamRow_livestream
          }
          ...StartButton_meeting
        }
      }
    `,
    { id },
    options,
  );
  return (
    <article>
      <h2>{meeting.title}</h2>
      {meeting.activeLivestream ? (
        <ul>
          <LivestreamRow livestream={meeting.activeLivestream} />
        </ul>
      ) : (
        <p>Not live</p>
      )}
      <StartButton meeting={meeting} />
      {error && <p role="alert">{error.message}</p>}
    </article>
  );
}
