import { useQuery } from '@apollo/client/react';
import { useEffect, useRef } from 'react';

import { describeError } from '../errors/describeError.ts';
import { InlineError } from '../errors/InlineError.tsx';
import { graphql } from '../generated/index.ts';
import { linkTo } from '../ui/route.ts';
import { formatTime } from '../ui/time.ts';
import { useLivestreamChanges } from './LivestreamChanges.tsx';

/** Costs one upstream request for the list, and one for the last session of each livestream, which the gateway caches for an hour. */
const FAILURES = graphql(`
  query Failures($first: Int!) {
    livestreams(first: $first, filter: { status: ERRORED }) {
      nodes {
        id
        name
        sessions(first: 1) {
          nodes {
            id
            errorMessage
            stoppedAt
          }
        }
      }
    }
  }
`);

/** The livestreams that have failed last, and why. Nothing if none has. */
export function Failures() {
  const { ERRORED: failureCount = 0 } = useLivestreamChanges().revisions;
  const { data, error, refetch } = useQuery(FAILURES, { variables: { first: 6 } });
  const seen = useRef(failureCount);
  useEffect(() => {
    if (seen.current === failureCount) return;
    seen.current = failureCount;
    void refetch();
  }, [failureCount, refetch]);

  if (error !== undefined) {
    const retry = (): void => void refetch();
    return <InlineError error={error} problem={describeError(error)} what="The failures are missing" onRetry={retry} />;
  }
  const nodes = data?.livestreams.nodes ?? [];
  if (nodes.length === 0) return null;
  return (
    <section aria-labelledby="failures-heading">
      <h2 id="failures-heading">Latest failures</h2>
      <ul className="failures">
        {nodes.map(({ id, name, sessions }) => {
          const [session] = sessions.nodes;
          return (
            <li key={id}>
              <a href={linkTo({ view: 'wall', livestreamId: id })}>{name ?? 'Unnamed livestream'}</a>
              <p>{session?.errorMessage ?? 'RealtimeKit gives no reason.'}</p>
              {session?.stoppedAt != null && <time dateTime={session.stoppedAt}>{formatTime(session.stoppedAt)}</time>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
