import { type FieldReadFunction, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';

/** Finds an object that a list has loaded already, so that its page needs no request. */
function fromCache(__typename: string): FieldReadFunction {
  return (existing, { args, toReference }) =>
    existing === undefined ? toReference({ __typename, id: args?.['id'] }) : existing;
}

/** Objects are cached by `__typename` and `id`. */
export function createCache(): InMemoryCache {
  return new InMemoryCache({
    typePolicies: {
      Query: {
        fields: {
          livestream: { read: fromCache('Livestream') },
          livestreamSession: { read: fromCache('LivestreamSession') },
          meeting: { read: fromCache('Meeting') },
          // All pages of a list are one list, for each value of these arguments.
          livestreams: relayStylePagination(['filter', 'orderBy']),
          meetings: relayStylePagination(['search']),
        },
      },
      Livestream: { fields: { sessions: relayStylePagination() } },
      Meeting: { fields: { livestreams: relayStylePagination() } },
      // There is only one.
      UpstreamBudget: { keyFields: [] },
    },
  });
}
