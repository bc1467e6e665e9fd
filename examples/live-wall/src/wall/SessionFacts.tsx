import { useFragment, useLazyQuery } from '@apollo/client/react';
import { useEffect } from 'react';

import { describeError, describeGraphQLError } from '../errors/describeError.ts';
import { InlineError } from '../errors/InlineError.tsx';
import { graphql } from '../generated/index.ts';
import { usePartialError } from '../graphql/partialErrors.ts';
import { formatDuration, formatTime, formatViewerTime, useNow } from '../ui/time.ts';

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

/** Costs one upstream request, or two if the livestream was not read within the last 2 seconds. */
const SESSION_OF_LIVESTREAM = graphql(`
  query SessionOfLivestream($id: ID!) {
    livestream(id: $id) {
      id
      ...SessionFacts
    }
  }
`);

/**
 * Since when a livestream that is live is so, and how long it was watched. Or why that cannot be said: the rest of the page stays.
 * Reads the session itself if nobody has, or not since the first video arrived.
 */
export function SessionFacts({ livestreamId }: { livestreamId: string }) {
  const from = { __typename: 'Livestream', id: livestreamId };
  const { data, complete } = useFragment({ fragment: SESSION_FACTS, from });
  const session = complete ? data.activeSession : null;
  const partialError = usePartialError(livestreamId);
  const [readSession, { error: ownError, loading, called }] = useLazyQuery(SESSION_OF_LIVESTREAM, {
    fetchPolicy: 'network-only',
  });
  const read = (): void => void readSession({ variables: { id: livestreamId } });
  const isDue = session?.startedAt == null && partialError === undefined;
  useEffect(() => {
    if (isDue) void readSession({ variables: { id: livestreamId } });
  }, [isDue, livestreamId, readSession]);

  if (session !== null) return <Facts startedAt={session.startedAt} viewerSeconds={session.viewerSeconds} />;
  const error = ownError ?? partialError;
  if (loading || (isDue && !called)) return <p className="facts-note">Reading its session…</p>;
  if (error === undefined) return <p className="facts-note">No session is running.</p>;
  const problem = ownError === undefined ? describeGraphQLError(error) : describeError(ownError);
  return <InlineError error={error} problem={problem} what="Viewer time is missing" onRetry={read} />;
}

interface FactsProps {
  startedAt: string | null;
  viewerSeconds: number | null;
}

function Facts({ startedAt, viewerSeconds }: FactsProps) {
  const now = useNow();
  return (
    <dl className="facts">
      <div>
        <dt>Live since</dt>
        <dd>
          {startedAt === null ? (
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
        <dd>{viewerSeconds === null ? 'Unknown' : formatViewerTime(viewerSeconds)}</dd>
      </div>
    </dl>
  );
}
