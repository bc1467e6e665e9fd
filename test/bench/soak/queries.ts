import type { Random } from '../../../src/sandbox/random.ts';
import { at, listAt } from '../json.ts';

/** Ids that are asked for. */
export interface KnownIds {
  livestreams: readonly string[];
  meetings: readonly string[];
  sessions: readonly string[];
}

/** One operation that only reads. */
export interface Read {
  kind: string;
  query: string;
  variables: object;
  /** Whether an answer without errors is one to what was asked. */
  isRight: (data: unknown) => boolean;
}

type Make = (random: Random, ids: KnownIds) => Read;

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
  query ($of: [_Any!]!) {
    _entities(representations: $of) {
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

/** How often each is asked, in proportion. */
const MIX: readonly (readonly [number, Make])[] = [
  [30, (random, { livestreams }) => byId('livestream', LIVESTREAM, picked(random, livestreams))],
  [28, (random, { meetings }) => byId('meeting', MEETING, picked(random, meetings))],
  [10, (random, { sessions }) => byId('livestreamSession', SESSION, picked(random, sessions))],
  [10, () => list('livestreams', LIVE)],
  [5, () => list('meetings', MEETINGS)],
  [9, (random, ids) => entities(random, ids)],
  [6, () => plain('upstreamBudget', BUDGET)],
  [2, () => plain('livestreamAnalytics', ANALYTICS)],
];
const WEIGHT = MIX.reduce((sum, [weight]) => sum + weight, 0);

/** One of them, at random. */
export function pickRead(random: Random, ids: KnownIds): Read {
  let left = random.between(1, WEIGHT);
  const [, make] = MIX.find(([weight]) => (left -= weight) <= 0) ?? [0, () => plain('upstreamBudget', BUDGET)];
  return make(random, ids);
}

export function picked<T>(random: Random, values: readonly T[]): T {
  const value = values[random.between(0, values.length - 1)];
  if (value === undefined) throw new Error('There is nothing to pick from.');
  return value;
}

function byId(kind: string, query: string, id: string): Read {
  return { kind, query, variables: { id }, isRight: (data) => at(data, kind, 'id') === id };
}

function list(kind: string, query: string): Read {
  return { kind, query, variables: {}, isRight: (data) => listAt(data, kind, 'nodes').length > 0 };
}

function plain(kind: string, query: string): Read {
  return { kind, query, variables: {}, isRight: (data) => at(data, kind) !== undefined };
}

function entities(random: Random, { meetings, livestreams }: KnownIds): Read {
  const of = [
    { __typename: 'Meeting', id: picked(random, meetings) },
    { __typename: 'Livestream', id: picked(random, livestreams) },
  ];
  const isRight = (data: unknown): boolean => of.every(({ id }, index) => at(data, '_entities', index, 'id') === id);
  return { kind: '_entities', query: ENTITIES, variables: { of }, isRight };
}
