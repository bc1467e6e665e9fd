import { useQuery } from '@apollo/client/react';

import { ErrorNotice } from '../errors/ErrorNotice.tsx';
import type { SessionRowFragment } from '../generated/graphql.ts';
import { graphql } from '../generated/index.ts';
import { Pager, usePages } from '../ui/Pager.tsx';
import { formatDuration, formatTime, formatViewerTime } from '../ui/time.ts';

/** One upstream request a page. */
const SESSIONS = graphql(`
  query Sessions($id: ID!, $first: Int!, $after: String) {
    livestream(id: $id) {
      id
      sessions(first: $first, after: $after) {
        totalCount
        nodes {
          id
          ...SessionRow @unmask
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }

  fragment SessionRow on LivestreamSession {
    errorMessage
    ingestSeconds
    viewerSeconds
    createdAt
    startedAt
    stoppedAt
  }
`);

const PAGE_SIZE = 5;

/** The sessions of a livestream, from the latest one on. */
export function Sessions({ livestreamId }: { livestreamId: string }) {
  const pages = usePages();
  const { data, previousData, error, refetch } = useQuery(SESSIONS, {
    variables: { id: livestreamId, first: PAGE_SIZE, after: pages.after },
    // A refetch after a stop must not get the answer to a request that was sent before.
    context: { queryDeduplication: false },
    fetchPolicy: 'cache-and-network',
  });
  const sessions = (data ?? previousData)?.livestream?.sessions;

  return (
    <section aria-labelledby="sessions-heading">
      <h3 id="sessions-heading">
        Sessions <span className="count">{sessions?.totalCount}</span>
      </h3>
      {error !== undefined && (
        <ErrorNotice error={error} what="The sessions could not be loaded." onRetry={() => void refetch()} />
      )}
      {sessions === undefined && error === undefined && <p role="status">Loading sessions…</p>}
      {sessions?.nodes.length === 0 && <p>It has had no session yet.</p>}
      <ol className="sessions">
        {sessions?.nodes.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ol>
      <Pager
        pages={pages}
        label="Pages of sessions"
        pageSize={PAGE_SIZE}
        totalCount={sessions?.totalCount}
        isLoading={data === undefined}
        pageInfo={sessions?.pageInfo}
      />
    </section>
  );
}

function SessionRow({ session }: { session: SessionRowFragment }) {
  const { errorMessage, ingestSeconds, viewerSeconds, createdAt, startedAt, stoppedAt } = session;
  const begin = startedAt ?? createdAt;
  return (
    <li>
      <p>
        {begin == null ? 'Unknown' : <time dateTime={begin}>{formatTime(begin)}</time>}
        {' – '}
        {stoppedAt == null ? 'running' : <time dateTime={stoppedAt}>{formatTime(stoppedAt)}</time>}
      </p>
      <p className="session-figures">
        {ingestSeconds != null && `${formatDuration(ingestSeconds)} of video`}
        {viewerSeconds != null && ` · ${formatViewerTime(viewerSeconds)} watched`}
      </p>
      {errorMessage != null && <p className="session-error">{errorMessage}</p>}
    </li>
  );
}
