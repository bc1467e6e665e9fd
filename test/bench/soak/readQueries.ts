import type { Random } from '../../../src/sandbox/random.ts';
import { at, listAt } from '../jsonPath.ts';

/** The ids that queries use as arguments. */
export interface QueryIds {
  livestreams: readonly string[];
  meetings: readonly string[];
  sessions: readonly string[];
}

/** A query and how to check its result. */
export interface ReadQuery {
  kind: string;
  query: string;
  variables: object;
  /** Whether the data of a result without errors is what the query asked for. */
  isExpected: (data: unknown) => boolean;
}

type CreateQuery = (random: Random, ids: QueryIds) => ReadQuery;

const LIVESTREAM = /* GraphQL */ `
  query ($id: ID!) {
    livestream(id: $id) {
      id
      status
      playbackUrl
      activeSession {
        id
        viewerSeconds
      }
    }
  }
`;
const MEETING = /* GraphQL */ `
  query ($id: ID!) {
    meeting(id: $id) {
      id
      title
      activeLivestream {
        id
        name
        status
        activeSession {
          startedAt
        }
      }
    }
  }
`;
const SESSION = /* GraphQL */ `
  query ($id: ID!) {
    livestreamSession(id: $id) {
      id
      ingestSeconds
      stoppedAt
      livestream {
        id
      }
    }
  }
`;
const LIVE = '{ livestreams(first: 25, filter: { status: LIVE }) { totalCount nodes { id name status } } }';
const MEETINGS = '{ meetings(first: 25) { totalCount nodes { id title status } } }';
const ENTITIES = /* GraphQL */ `
  query ($representations: [_Any!]!) {
    _entities(representations: $representations) {
      ... on Meeting {
        id
        activeLivestream {
          status
        }
      }
      ... on Livestream {
        id
        status
      }
    }
  }
`;
const BUDGET = '{ upstreamBudget { limit remaining resetsAt } }';
const ANALYTICS = '{ livestreamAnalytics { count ingestSeconds days { date count } } }';

/** The query mix: relative weights. */
const MIX: readonly (readonly [number, CreateQuery])[] = [
  [30, (random, { livestreams }) => queryById('livestream', LIVESTREAM, pickRandom(random, livestreams))],
  [28, (random, { meetings }) => queryById('meeting', MEETING, pickRandom(random, meetings))],
  [10, (random, { sessions }) => queryById('livestreamSession', SESSION, pickRandom(random, sessions))],
  [10, () => listQuery('livestreams', LIVE)],
  [5, () => listQuery('meetings', MEETINGS)],
  [9, (random, ids) => entitiesQuery(random, ids)],
  [6, () => simpleQuery('upstreamBudget', BUDGET)],
  [2, () => simpleQuery('livestreamAnalytics', ANALYTICS)],
];
const TOTAL_WEIGHT = MIX.reduce((sum, [weight]) => sum + weight, 0);

/** Picks a query of the mix at random. */
export function pickReadQuery(random: Random, ids: QueryIds): ReadQuery {
  let remaining = random.between(1, TOTAL_WEIGHT);
  const [, createQuery] = MIX.find(([weight]) => (remaining -= weight) <= 0) ?? [
    0,
    () => simpleQuery('upstreamBudget', BUDGET),
  ];
  return createQuery(random, ids);
}

export function pickRandom<T>(random: Random, values: readonly T[]): T {
  const value = values[random.between(0, values.length - 1)];
  if (value === undefined) throw new Error('Cannot pick from an empty list.');
  return value;
}

function queryById(kind: string, query: string, id: string): ReadQuery {
  return { kind, query, variables: { id }, isExpected: (data) => at(data, kind, 'id') === id };
}

function listQuery(kind: string, query: string): ReadQuery {
  return { kind, query, variables: {}, isExpected: (data) => listAt(data, kind, 'nodes').length > 0 };
}

function simpleQuery(kind: string, query: string): ReadQuery {
  return { kind, query, variables: {}, isExpected: (data) => at(data, kind) !== undefined };
}

function entitiesQuery(random: Random, { meetings, livestreams }: QueryIds): ReadQuery {
  const representations = [
    { __typename: 'Meeting', id: pickRandom(random, meetings) },
    { __typename: 'Livestream', id: pickRandom(random, livestreams) },
  ];
  const isExpected = (data: unknown): boolean =>
    representations.every(({ id }, index) => at(data, '_entities', index, 'id') === id);
  return { kind: '_entities', query: ENTITIES, variables: { representations }, isExpected };
}
