import { documentIdOf, type Gateway } from './gateway.ts';
import { LivestreamList } from './operations.ts';

interface PageContext {
  /** The cursor of the page before. */
  pageParam: string | null;
  signal: AbortSignal;
}

interface Page {
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** The list of livestreams, for `useInfiniteQuery` and `InfiniteQueryObserver`. */
export const livestreamListQuery = (gateway: Gateway, first = 100) => ({
  queryKey: [documentIdOf(LivestreamList), { first }],
  queryFn: async ({ pageParam: after, signal }: PageContext) => {
    const { data } = await gateway.execute(LivestreamList, { first, after }, signal);
    return data.livestreams;
  },
  initialPageParam: null,
  getNextPageParam: ({ pageInfo }: Page) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
});
