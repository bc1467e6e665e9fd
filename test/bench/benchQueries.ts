/** An operation that every server runs. */
export interface BenchQuery {
  /** Also the `operationName`, by which the server without a GraphQL engine recognizes the operation. */
  name: 'typename' | 'meeting' | 'fifty';
  title: string;
  text: string;
  /** Upstream requests that the operation needs without a cache. */
  upstreamRequests: number;
  /**
   * Operations in flight while CPU time is measured. The server must never be idle, because going to sleep and waking up costs as
   * much as a small operation. Concurrent operations use different meetings, so that a gateway cannot coalesce their upstream
   * requests; a query without variables therefore runs alone.
   */
  concurrency: number;
  operations: OperationCounts;
}

/** The number of operations per round, by what the round measures. */
export interface OperationCounts {
  /** Before the first round, so that the engine compiles the code. */
  warmUp: number;
  /** CPU time, concurrently. */
  cpu: number;
  /** Latency, sequentially, with an upstream that responds at once. */
  fastUpstream: number;
  /** Latency, sequentially, with a slow upstream. */
  slowUpstream: number;
}

const LIVESTREAM = 'id name status playbackUrl';
const SESSION = 'id startedAt viewerSeconds';

export const BENCH_QUERIES: readonly BenchQuery[] = [
  {
    name: 'typename',
    title: '`{ __typename }`',
    text: 'query typename { __typename }',
    upstreamRequests: 0,
    concurrency: 32,
    operations: { warmUp: 8000, cpu: 3000, fastUpstream: 300, slowUpstream: 0 },
  },
  {
    name: 'meeting',
    title: 'meeting, activeLivestream, activeSession',
    text: `query meeting($id: ID!) { meeting(id: $id) { id activeLivestream { ${LIVESTREAM} activeSession { ${SESSION} } } } }`,
    upstreamRequests: 2,
    concurrency: 32,
    operations: { warmUp: 4000, cpu: 1280, fastUpstream: 150, slowUpstream: 20 },
  },
  {
    name: 'fifty',
    title: '50 LIVE livestreams with sessions',
    text: `query fifty { livestreams(first: 50, filter: { status: LIVE }) { nodes { ${LIVESTREAM} activeSession { ${SESSION} } } } }`,
    upstreamRequests: 51,
    concurrency: 1,
    operations: { warmUp: 500, cpu: 150, fastUpstream: 40, slowUpstream: 15 },
  },
];

/** The query that a dashboard polls: `fifty`, plus the timestamps that show the age of each row. */
export const DASHBOARD_QUERY = {
  name: 'dashboard',
  text: `query dashboard { livestreams(first: 50, filter: { status: LIVE }) { nodes { ${LIVESTREAM} updatedAt activeSession { ${SESSION} updatedAt } } } }`,
};

/** Creates the JSON body of the POST request. Only the query `meeting` uses the meeting id. */
export function createRequestBody(query: { name: string; text: string }, meetingId: string): string {
  const variables = query.name === 'meeting' ? { id: meetingId } : {};
  return JSON.stringify({ query: query.text, operationName: query.name, variables });
}
