import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';

import { nonNull } from '../../support/gateway.ts';
import { loadMore } from './pagination.ts';
import { LivestreamCard, LivestreamPage, Livestreams } from './operations.ts';
import { startClient } from './startClient.ts';

describe("Apollo Client's cache", () => {
  test('joins the pages of a list, up to all livestreams', async () => {
    const { client } = await startClient();
    const list = client.watchQuery({ query: Livestreams, variables: { first: 100 } });
    await firstValueFrom(list.pipe(filter(({ dataState }) => dataState === 'complete')));
    list.subscribe(() => {});
    const loaded = () => list.getCurrentResult().data?.livestreams?.edges?.map((edge) => edge?.node?.id) ?? [];
    for (let count = 100; await loadMore(list); count = loaded().length)
      await expect.poll(() => loaded().length).toBeGreaterThan(count);
    expect(new Set(loaded()).size).toBe(320);
    expect(list.getCurrentResult().data?.livestreams?.totalCount).toBe(320);
  });

  test('shows the fields of a fragment only to the component that has asked for them', async () => {
    const { client, loadList } = await startClient();
    const { data } = await loadList();
    const { node } = nonNull(data?.livestreams.edges[0]);
    expect(node).toEqual({ __typename: 'Livestream', id: expect.any(String) });
    const card = client.watchFragment({ fragment: LivestreamCard, from: node }).getCurrentResult();
    expect(card).toMatchObject({ complete: true, data: { id: node.id, name: expect.any(String) } });
  });

  test('answers the query for one livestream that a list has loaded', async () => {
    const { client, loadList } = await startClient();
    const { data } = await loadList();
    const { id } = nonNull(data?.livestreams.edges[0]).node;
    const page = await client.query({ query: LivestreamPage, variables: { id }, fetchPolicy: 'cache-only' });
    expect(page.data?.livestream).toMatchObject({ id, name: expect.any(String) });
  });
});
