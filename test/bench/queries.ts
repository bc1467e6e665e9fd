/** One of the operations that every party is asked. */
export interface BenchQuery {
  /** Also the operation's name, by which the party without a GraphQL engine knows what is asked. */
  name: 'typename' | 'meeting' | 'fifty';
  title: string;
  text: string;
  /** Upstream requests that it takes when each of them is made and nothing is kept. */
  requests: number;
  /**
   * Operations under way at once while CPU time is measured: a server that is never idle is what CPU time matters for, and going to
   * sleep and waking up costs as much as a small operation. Each lane has a meeting of its own, so that a gateway that shares
   * what is in flight finds nothing to share; where there is nothing to vary there is one lane.
   */
  lanes: number;
  /** How many operations in one round, by what the round measures, and before the first round so that the code is compiled. */
  operations: Operations;
}

export interface Operations {
  warmUp: number;
  cpu: number;
  /** One after the other, with an upstream that answers at once. */
  prompt: number;
  /** One after the other, with a slow upstream. */
  late: number;
}

const LIVESTREAM = 'id name status playbackUrl';
const SESSION = 'id startedAt viewerSeconds';

export const QUERIES: readonly BenchQuery[] = [
  {
    name: 'typename',
    title: '`{ __typename }`',
    text: 'query typename { __typename }',
    requests: 0,
    lanes: 32,
    operations: { warmUp: 8000, cpu: 3000, prompt: 300, late: 0 },
  },
  {
    name: 'meeting',
    title: 'meeting, activeLivestream, activeSession',
    text: `query meeting($id: ID!) { meeting(id: $id) { id activeLivestream { ${LIVESTREAM} activeSession { ${SESSION} } } } }`,
    requests: 2,
    lanes: 32,
    operations: { warmUp: 4000, cpu: 1280, prompt: 150, late: 20 },
  },
  {
    name: 'fifty',
    title: '50 LIVE livestreams with sessions',
    text: `query fifty { livestreams(first: 50, filter: { status: LIVE }) { nodes { ${LIVESTREAM} activeSession { ${SESSION} } } } }`,
    requests: 51,
    lanes: 1,
    operations: { warmUp: 500, cpu: 150, prompt: 40, late: 15 },
  },
];

/** What a dashboard polls: `fifty`, and how old each row is. */
export const DASHBOARD = {
  name: 'dashboard',
  text: `query dashboard { livestreams(first: 50, filter: { status: LIVE }) { nodes { ${LIVESTREAM} updatedAt activeSession { ${SESSION} updatedAt } } } }`,
};

/** The body of the POST that asks it. */
export function bodyOf(query: { name: string; text: string }, meetingId: string): string {
  const variables = query.name === 'meeting' ? { id: meetingId } : {};
  return JSON.stringify({ query: query.text, operationName: query.name, variables });
}
