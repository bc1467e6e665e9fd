import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay';

import type { MeetingHistory_query$key } from './__generated__/MeetingHistory_query.graphql';
import type { MeetingHistoryNextQuery } from './__generated__/MeetingHistoryNextQuery.graphql';
import type { MeetingHistoryQuery } from './__generated__/MeetingHistoryQuery.graphql';
import { LivestreamRow } from './LivestreamRow.tsx';

const PAGE_SIZE = 2;

export function MeetingHistoryPage({ meetingId }: { meetingId: string }) {
  const query = useLazyLoadQuery<MeetingHistoryQuery>(
    graphql`
      query MeetingHistoryQuery($meetingId: ID!, $first: Int!) {
        ...MeetingHistory_query @arguments(meetingId: $meetingId, first: $first)
      }
    `,
    { meetingId, first: PAGE_SIZE },
  );
  return <MeetingHistory query={query} />;
}

function MeetingHistory({ query }: { query: MeetingHistory_query$key }) {
  const { data, hasNext, loadNext } = usePaginationFragment<MeetingHistoryNextQuery, MeetingHistory_query$key>(
    graphql`
      fragment MeetingHistory_query on Query
      @argumentDefinitions(meetingId: { type: "ID!" }, first: { type: "Int!" }, after: { type: "String" })
      @refetchable(queryName: "MeetingHistoryNextQuery") {
        meeting(id: $meetingId) {
          livestreams(first: $first, after: $after) @connection(key: "MeetingHistory_livestreams") {
            edges {
              node {
                id
                ...LivestreamRow_livestream
              }
            }
          }
        }
      }
    `,
    query,
  );
  return (
    <>
      <ul>
        {data.meeting?.livestreams.edges.map(({ node }) => (
          <LivestreamRow key={node.id} livestream={node} />
        ))}
      </ul>
      {hasNext && <button onClick={() => loadNext(PAGE_SIZE)}>More</button>}
    </>
  );
}
