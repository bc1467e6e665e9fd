import type { Client } from '@urql/core';

import type { ResultOf } from './graphql.ts';
import { LivestreamList } from './operations.ts';
import { toOperationError } from './toOperationError.ts';

type Page = ResultOf<typeof LivestreamList>['livestreams'];

/** Loads the pages of the list of livestreams, each when it is asked for. Throws an `OperationError`. */
export async function* livestreamPages(client: Client, first = 100): AsyncGenerator<Page, void> {
  let after: string | null = null;
  do {
    const { data, error } = await client.query(LivestreamList, { first, after }).toPromise();
    if (error) throw toOperationError(error);
    if (!data) return;
    const page: Page = data.livestreams;
    yield page;
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
}
