import { useFragment, useQuery } from '@apollo/client/react';

import { ErrorNotice } from '../errors/ErrorNotice.tsx';
import type { WallQuery } from '../generated/graphql.ts';
import { graphql } from '../generated/index.ts';
import { Pager, type Pages, usePages } from '../ui/Pager.tsx';
import { arrangeWall } from './arrangeWall.ts';
import { Failures } from './Failures.tsx';
import { useLivestreamChanges } from './LivestreamChanges.tsx';
import { LivestreamTile } from './LivestreamTile.tsx';
import { EmptyWall, LoadingWall } from './WallStates.tsx';

/** `SessionFacts` is for the tiles, which would otherwise read their sessions one by one. It costs one upstream request per livestream. */
const WALL = graphql(`
  query Wall($first: Int!, $after: String) {
    live: livestreams(first: $first, after: $after, filter: { status: LIVE }) {
      totalCount
      nodes {
        id
        ...WallMember
        ...LivestreamTile
        ...SessionFacts
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    starting: livestreams(first: 24, filter: { status: INVOKED }) {
      nodes {
        id
        ...WallMember
        ...LivestreamTile
      }
    }
  }
`);

/** What decides whether a livestream is on the wall. */
export const WALL_MEMBER = graphql(`
  fragment WallMember on Livestream {
    id
    status
    createdAt
    meeting {
      id
    }
  }
`);

const PAGE_SIZE = 24;
/** RealtimeKit updates viewer times every 40 to 50 seconds, and no event says so. */
const REFRESH_MS = 60_000;

/** What is live now: a page of tiles, which the subscription keeps current. */
export function Wall({ onStart }: { onStart: () => void }) {
  const pages = usePages();
  const { data, previousData, error, refetch } = useQuery(WALL, {
    variables: { first: PAGE_SIZE, after: pages.after },
    fetchPolicy: 'cache-and-network',
    nextFetchPolicy: 'cache-first',
    pollInterval: REFRESH_MS,
    skipPollAttempt: () => document.hidden,
  });
  const shown = data ?? previousData;

  return (
    <>
      {error !== undefined && (
        <ErrorNotice
          heading="h2"
          error={error}
          what={shown === undefined ? 'The livestreams could not be loaded.' : 'What you see may be out of date.'}
          onRetry={() => void refetch()}
        />
      )}
      {shown === undefined ? (
        error === undefined && <LoadingWall />
      ) : (
        <Tiles wall={shown} pages={pages} onStart={onStart} isLoading={data === undefined} />
      )}
      <Failures />
    </>
  );
}

interface TilesProps {
  wall: WallQuery;
  pages: Pages;
  /** Whether these are the tiles of the page before, until the next one is there. */
  isLoading: boolean;
  onStart: () => void;
}

function Tiles({ wall: { live, starting }, pages, isLoading, onStart }: TilesProps) {
  const changes = useLivestreamChanges();
  const known = new Map([...live.nodes, ...starting.nodes, ...changes.livestreams].map((each) => [each.id, each]));
  // The cache knows the present status of each of them, whoever has changed it.
  const members = useFragment({ fragment: WALL_MEMBER, from: [...known.values()] });
  if (!members.complete) return <LoadingWall />;

  const ids = new Set(live.nodes.map(({ id }) => id));
  const shown = arrangeWall(members.data, { ids, isFirst: pages.isFirst, hasNextPage: live.pageInfo.hasNextPage });
  const liveCount = changes.isSynced ? members.data.filter(({ status }) => status === 'LIVE').length : live.totalCount;
  const tilesOf = (which: readonly string[]) =>
    which
      .map((id) => known.get(id))
      .filter((each) => each !== undefined)
      .map((each) => (
        <li key={each.id}>
          <LivestreamTile livestream={each} />
        </li>
      ));

  return (
    <div aria-busy={isLoading}>
      <section aria-labelledby="live-heading">
        <h2 id="live-heading">
          Live now <span className="count">{liveCount}</span>
        </h2>
        {shown.live.length === 0 && pages.isFirst ? (
          <EmptyWall onStart={onStart} />
        ) : (
          <ul className="tiles">{tilesOf(shown.live)}</ul>
        )}
        <Pager
          pages={pages}
          label="Pages of the wall"
          pageSize={PAGE_SIZE}
          totalCount={liveCount}
          isLoading={isLoading}
          pageInfo={live.pageInfo}
        />
      </section>
      {shown.starting.length > 0 && (
        <section aria-labelledby="starting-heading">
          <h2 id="starting-heading">
            Starting <span className="count">{shown.starting.length}</span>
          </h2>
          <ul className="tiles">{tilesOf(shown.starting)}</ul>
        </section>
      )}
    </div>
  );
}
