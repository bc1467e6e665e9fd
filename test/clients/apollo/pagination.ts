import type { ObservableQuery } from '@apollo/client';

import type { LivestreamsQuery, LivestreamsQueryVariables } from './generated/graphql';

/** Loads the next page into a watched list. Resolves with false if there is none. */
export async function loadMore(list: ObservableQuery<LivestreamsQuery, LivestreamsQueryVariables>): Promise<boolean> {
  const { data, dataState } = list.getCurrentResult();
  if (dataState !== 'complete' || !data.livestreams.pageInfo.hasNextPage) return false;
  await list.fetchMore({ variables: { after: data.livestreams.pageInfo.endCursor } });
  return true;
}
