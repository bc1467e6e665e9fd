import { useFragment } from '@apollo/client/react';

import { graphql } from '../generated/index.ts';
import { formatDuration, formatTime, formatViewerTime, useNow } from '../ui/time.ts';
import { MissingSession } from './MissingSession.tsx';

const SESSION_FACTS = graphql(`
  fragment SessionFacts on Livestream {
    id
    activeSession {
      id
      startedAt
      viewerSeconds
    }
  }
`);

/** Since when a livestream is live, and how long it was watched. */
export function SessionFacts({ livestreamId }: { livestreamId: string }) {
  const now = useNow();
  const { data, complete } = useFragment({
    fragment: SESSION_FACTS,
    from: { __typename: 'Livestream', id: livestreamId },
  });
  // No query has read the session of a livestream that the subscription has brought.
  const session = complete ? data.activeSession : null;
  if (session == null) return <MissingSession livestreamId={livestreamId} isRead={complete} />;

  const { startedAt, viewerSeconds } = session;
  return (
    <dl className="facts">
      <div>
        <dt>Live since</dt>
        <dd>
          {startedAt == null ? (
            'Unknown'
          ) : (
            <>
              <time dateTime={startedAt}>{formatTime(startedAt)}</time>{' '}
              <small>{formatDuration((now - Date.parse(startedAt)) / 1000)}</small>
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Viewer time</dt>
        <dd>{viewerSeconds == null ? 'Unknown' : formatViewerTime(viewerSeconds)}</dd>
      </div>
    </dl>
  );
}
