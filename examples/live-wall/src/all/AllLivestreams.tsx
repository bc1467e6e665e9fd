import { useQuery } from '@apollo/client/react';
import { useId, useState } from 'react';

import { ErrorNotice } from '../errors/ErrorNotice.tsx';
import type { LivestreamStatus } from '../generated/graphql.ts';
import { graphql } from '../generated/index.ts';
import { Pager, usePages } from '../ui/Pager.tsx';
import { useLivestreamChanges } from '../wall/LivestreamChanges.tsx';
import { ListNews } from './ListNews.tsx';
import { LivestreamRow } from './LivestreamRow.tsx';

const ALL_LIVESTREAMS = graphql(`
  query AllLivestreams($first: Int!, $after: String, $filter: LivestreamFilter) {
    livestreams(first: $first, after: $after, filter: $filter) {
      totalCount
      nodes {
        id
        ...LivestreamRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const PAGE_SIZE = 25;
const FILTERS: readonly { label: string; status: LivestreamStatus | null }[] = [
  { label: 'All', status: null },
  { label: 'Live', status: 'LIVE' },
  { label: 'Starting', status: 'INVOKED' },
  { label: 'Failed', status: 'ERRORED' },
  { label: 'Idle', status: 'IDLE' },
  { label: 'Offline', status: 'OFFLINE' },
];

/** Every livestream there is, past ones too, page by page. One upstream request a page. */
export function AllLivestreams() {
  const name = useId();
  const pages = usePages();
  const { isSynced } = useLivestreamChanges();
  const [status, setStatus] = useState<LivestreamStatus | null>(null);
  const { data, previousData, error, refetch } = useQuery(ALL_LIVESTREAMS, {
    variables: { first: PAGE_SIZE, after: pages.after, filter: status === null ? null : { status } },
    fetchPolicy: 'cache-and-network',
  });
  const shown = (data ?? (error === undefined ? previousData : undefined))?.livestreams;

  return (
    <section aria-labelledby="all-heading">
      <h2 id="all-heading">
        All livestreams <span className="count">{shown?.totalCount}</span>
      </h2>
      <fieldset className="filters">
        <legend className="visually-hidden">Status</legend>
        {FILTERS.map((filter) => (
          <label key={filter.label}>
            <input
              type="radio"
              name={name}
              checked={filter.status === status}
              onChange={() => {
                pages.reset();
                setStatus(filter.status);
              }}
            />
            {filter.label}
          </label>
        ))}
      </fieldset>
      {error !== undefined && (
        <ErrorNotice error={error} what="The livestreams could not be loaded." onRetry={() => void refetch()} />
      )}
      {/* After a reconnect, the page has read the list again. */}
      <ListNews key={`${isSynced} ${status} ${pages.number}`} status={status} onRead={() => void refetch()} />
      {shown === undefined && error === undefined && <p role="status">Loading livestreams…</p>}
      {shown !== undefined && (
        <ul className="rows" aria-busy={data === undefined}>
          {shown.nodes.map((livestream) => (
            <LivestreamRow key={livestream.id} livestream={livestream} />
          ))}
        </ul>
      )}
      {shown?.nodes.length === 0 && (
        <p className="empty">{status === null ? 'There is no livestream yet.' : 'No livestream has this status.'}</p>
      )}
      <Pager
        pages={pages}
        label="Pages of all livestreams"
        pageSize={PAGE_SIZE}
        totalCount={shown?.totalCount}
        isLoading={data === undefined}
        pageInfo={shown?.pageInfo}
      />
    </section>
  );
}
