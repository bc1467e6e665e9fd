import type { Client } from '@urql/core';

import type { LivestreamsQuery } from './generated/graphql';
import { Livestreams } from './operations';

/** Loads the next page. Resolves with the list of all pages so far. */
export async function loadMore(client: Client, list?: LivestreamsQuery): Promise<LivestreamsQuery> {
  const after = list?.livestreams.pageInfo.endCursor;
  const { data, error } = await client.query(Livestreams, { first: 100, after });
  if (!data) throw error;
  return data;
}
