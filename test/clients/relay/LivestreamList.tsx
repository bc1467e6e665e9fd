import { useState } from 'react';
import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay';

import type { LivestreamList_query$key } from './__generated__/LivestreamList_query.graphql';
import type { LivestreamListNextQuery } from './__generated__/LivestreamListNextQuery.graphql';
import type { LivestreamListQuery } from './__generated__/LivestreamListQuery.graphql';
import type { FetchOptions } from './ErrorBoundary.tsx';
import { LivestreamRow } from './LivestreamRow.tsx';

const PAGE_SIZE = 100;

export function LivestreamListPage({ options }: { options: FetchOptions }) {
  const query = useLazyLoadQuery<LivestreamListQuery>(
    graphql`
      query LivestreamListQuery($first: Int!) {
        ...LivestreamList_query @arguments(first: $first)
      }
    `,
    { first: PAGE_SIZE },
    options,
  );
  return <LivestreamList query={query} />;
}

function LivestreamList({ query }: { query: LivestreamList_query$key }) {
  const [error, setError] = useState<Error | null>(null);
  const { data, hasNext, isLoadingNext, loadNext } = usePaginationFragment<
    LivestreamListNextQuery,
    LivestreamList_query$key
  >(
    graphql`
      fragment LivestreamList_query on Query
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" })
      @refetchable(queryName: "LivestreamListNextQuery") {
        livestreams(first: $first, after: $after) @connection(key: "LivestreamList_livestreams") {
          totalCount
          edges {
            node {
              id
              ...LivestreamRow_livestream
            }
          }
        }
      }
    `,
    query,
  );
  const { edges, totalCount } = data.livestreams;
  return (
    <section>
      <h2>
        {edges.length} of {totalCount} livestreams
      </h2>
      <ul>
        {edges.map(({ node }) => (
          <LivestreamRow key={node.id} livestream={node} />
        ))}
      </ul>
      {error && <p role="alert">{error.message}</p>}
      {hasNext && (
        <button disabled={isLoadingNext} onClick={() => loadNext(PAGE_SIZE, { onComplete: setError })}>
          More
        </button>
      )}
    </section>
  );
}
