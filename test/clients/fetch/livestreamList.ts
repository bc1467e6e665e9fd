import type { Gateway, Result } from './gateway.ts';
import type { LivestreamListQuery } from './generated/graphql';
import { LivestreamList } from './operations.ts';

type Page = LivestreamListQuery['livestreams'];

/** Loads the pages of the list of livestreams, each when it is asked for. */
export async function* livestreamPages(gateway: Gateway, first = 100): AsyncGenerator<Page, void> {
  let after: string | null = null;
  do {
    const result: Result<LivestreamListQuery> = await gateway.execute(LivestreamList, { first, after });
    const { livestreams } = result.data;
    yield livestreams;
    after = livestreams.pageInfo.hasNextPage ? livestreams.pageInfo.endCursor : null;
  } while (after !== null);
}
