import { readConnection } from '../connection.ts';
import { resolveEntities } from './entities.ts';
import { badUserInput } from '../../domain/errors.ts';
import type { LivestreamFilter, LivestreamOrder, QueryResolvers } from '../../generated/resolvers.ts';
import { assertId } from '../../domain/ids.ts';
import type { LivestreamQuery, TimeRange } from '../../domain/models.ts';
import { subgraphSdl } from '../subgraphSdl.ts';

/** Written down when it is first asked for. */
let sdl: string | undefined;

/** Characters. */
const LONGEST_SEARCH = 256;

export const Query: QueryResolvers = {
  meeting: (_root, { id }) => ({ id: assertId(id) }),

  meetings: (_root, { search, ...page }, { loaders }) =>
    readConnection(page, (range) => loaders.meetings(checkSearch(search), range)),

  livestream: (_root, { id }, { loaders }) => loaders.livestream.load(assertId(id)),

  livestreams: (_root, { filter, orderBy, ...page }, { loaders }) => {
    const query = toQuery(filter ?? {}, orderBy);
    return readConnection(page, (range) => loaders.livestreams(query, range));
  },

  livestreamSession: (_root, { id }, { loaders }) => loaders.session.load(assertId(id)),

  livestreamAnalytics: (_root, range, { loaders }) => loaders.analytics(toRange(range)),

  upstreamBudget: async (_root, _args, { loaders }) => {
    const { limit, remaining, resetsAt } = await loaders.budget();
    return { limit, remaining, resetsAt: new Date(resetsAt) };
  },

  _service: () => ({ sdl: (sdl ??= subgraphSdl()) }),

  _entities: (_root, { representations }, { loaders }, info) => resolveEntities(representations, loaders, info),
};

/** Every other text is another list to upstream, so that the length of those that are kept in mind is bounded. */
function checkSearch(search: string | null | undefined): string | null {
  if (search && search.length > LONGEST_SEARCH)
    throw badUserInput(`"search" is ${LONGEST_SEARCH} characters or fewer.`);
  return search || null;
}

function toQuery(
  { status, excludeMeetings, ...range }: LivestreamFilter,
  orderBy: LivestreamOrder | null,
): LivestreamQuery {
  if (status === 'UNKNOWN') throw badUserInput('RealtimeKit cannot be asked for livestreams whose status is UNKNOWN.');
  return {
    status: status ?? null,
    excludeMeetings: excludeMeetings ?? null,
    ...toRange(range),
    order: orderBy === 'CREATED_AT_ASC' ? 'ASC' : 'DESC',
  };
}

function toRange({ from, to }: { from?: Date | null | undefined; to?: Date | null | undefined }): TimeRange {
  if (from && to && from > to) throw badUserInput('"from" has to be before "to".');
  return { from: from ?? null, to: to ?? null };
}
