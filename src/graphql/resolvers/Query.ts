import { loadConnection } from '../connection.ts';
import { resolveEntities } from './entities.ts';
import { badUserInput } from '../../domain/errors.ts';
import type { LivestreamFilter, LivestreamOrder, QueryResolvers } from '../../generated/resolvers.ts';
import { assertId } from '../../domain/ids.ts';
import type { LivestreamQuery, TimeRange } from '../../domain/models.ts';
import { lazy } from '../../lib/lazy.ts';
import { subgraphSdl } from '../subgraphSdl.ts';

const sdl = lazy(() => subgraphSdl());

/** In characters. Every search text has its own cache entries, so their size must be bounded. */
const MAX_SEARCH_LENGTH = 256;

export const Query: QueryResolvers = {
  meeting: (_root, { id }) => ({ id: assertId(id) }),

  meetings: (_root, { search, ...page }, { loaders }) =>
    loadConnection(page, (range) => loaders.meetings(toSearch(search), range)),

  livestream: (_root, { id }, { loaders }) => loaders.livestream.load(assertId(id)),

  livestreams: (_root, { filter, orderBy, ...page }, { loaders }) => {
    const query = toQuery(filter ?? {}, orderBy);
    return loadConnection(page, (range) => loaders.livestreams(query, range));
  },

  livestreamSession: (_root, { id }, { loaders }) => loaders.session.load(assertId(id)),

  livestreamAnalytics: (_root, range, { loaders }) => loaders.analytics(toRange(range)),

  upstreamBudget: async (_root, _args, { loaders }) => {
    const { share, ...budget } = await loaders.readBudget();
    return { ...toBudget(budget), share: toBudget(share) };
  },

  _service: () => ({ sdl: sdl() }),

  _entities: (_root, { representations }, { loaders }, info) => resolveEntities(representations, loaders, info),
};

function toBudget({ limit, remaining, resetsAt }: { limit: number; remaining: number; resetsAt: number }) {
  return { limit, remaining, resetsAt: new Date(resetsAt) };
}

function toSearch(search: string | null | undefined): string | null {
  // Characters outside the Basic Multilingual Plane, such as emoji, have a `length` of 2.
  if (search && search.length > MAX_SEARCH_LENGTH && Array.from(search).length > MAX_SEARCH_LENGTH)
    throw badUserInput(`"search" must be ${MAX_SEARCH_LENGTH} characters or fewer.`);
  return search || null;
}

function toQuery(
  { status, excludeMeetings, ...range }: LivestreamFilter,
  orderBy: LivestreamOrder | null,
): LivestreamQuery {
  if (status === 'UNKNOWN') throw badUserInput('"status" must not be UNKNOWN: RealtimeKit has no such filter.');
  return {
    status: status ?? null,
    excludeMeetings: excludeMeetings ?? null,
    ...toRange(range),
    order: orderBy === 'CREATED_AT_ASC' ? 'ASC' : 'DESC',
  };
}

function toRange({ from, to }: { from?: Date | null | undefined; to?: Date | null | undefined }): TimeRange {
  // An offset can move a valid time out of these years, and RFC 3339 has no others.
  const isOutside = (date: Date | null | undefined): boolean => date != null && !/^\d{4}-/.test(date.toISOString());
  if (isOutside(from) || isOutside(to))
    throw badUserInput('"from" and "to" must be within the years 0000 to 9999 in UTC.');
  if (from && to && from > to) throw badUserInput('"from" must not be after "to".');
  return { from: from ?? null, to: to ?? null };
}
