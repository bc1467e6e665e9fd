import type { Exchange } from '@urql/core';
import { cacheExchange, type Resolver } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';

/** Finds an object that a list has loaded already, so that its page needs no request. */
const fromCache =
  (__typename: string): Resolver =>
  (_parent, args, cache, { parentKey, fieldName }) => {
    const cached = cache.resolve(parentKey, fieldName, args);
    return cached === undefined ? { __typename, id: String(args['id']) } : cached;
  };

/** Objects are cached by `__typename` and `id`. */
export const createCacheExchange = (): Exchange =>
  cacheExchange({
    // These have no `id`: they are cached as parts of the object that contains them.
    keys: { LivestreamAnalytics: () => null, LivestreamAnalyticsDay: () => null, UpstreamBudget: () => null },
    resolvers: {
      Query: {
        livestream: fromCache('Livestream'),
        livestreamSession: fromCache('LivestreamSession'),
        meeting: fromCache('Meeting'),
        // All pages of a list are one list, for each value of the other arguments.
        livestreams: relayPagination(),
        meetings: relayPagination(),
      },
      Livestream: { sessions: relayPagination() },
      Meeting: { livestreams: relayPagination() },
    },
    // What a mutation is expected to return. The actual result replaces it.
    optimistic: {
      startLivestream: ({ input }) => ({
        __typename: 'StartLivestreamPayload',
        meeting: {
          __typename: 'Meeting',
          id: meetingIdOf(input),
          activeLivestream: { __typename: 'Livestream', id: 'optimistic', status: 'INVOKED', playbackUrl: null },
        },
        userErrors: [],
      }),
      stopLivestream: ({ input }) => ({
        __typename: 'StopLivestreamPayload',
        meeting: { __typename: 'Meeting', id: meetingIdOf(input), activeLivestream: null },
        userErrors: [],
      }),
    },
  });

/** Graphcache does not type the arguments of fields. */
const meetingIdOf = (input: unknown): string =>
  typeof input === 'object' && input !== null && 'meetingId' in input ? String(input.meetingId) : '';
