import { describe, expect, test } from 'vitest';

import { nonNull } from '../../support/gateway.ts';
import { getFragmentData } from './generated/index.ts';
import { loadMore } from './pagination.ts';
import { LivestreamCard, LivestreamPage } from './operations.ts';
import { startClient } from './startClient.ts';

describe('Graphcache', () => {
  test('joins the pages of a list, up to all livestreams', async () => {
    const { client } = await startClient();
    let list = await loadMore(client);
    while (list.livestreams.pageInfo.hasNextPage) list = await loadMore(client, list);
    expect(new Set(list.livestreams.edges.map(({ node }) => node.id)).size).toBe(320);
    expect(list.livestreams.totalCount).toBe(320);
  });

  test('contains the fields of a fragment, which the types show only to the component that has asked for them', async () => {
    const { loadList } = await startClient();
    const { data } = await loadList();
    const { node } = nonNull(data?.livestreams.edges[0]);
    expect(getFragmentData(LivestreamCard, node)).toMatchObject({ id: node.id, name: expect.any(String) });
  });

  test('answers the query for one livestream that a list has loaded', async () => {
    const { client, loadList } = await startClient();
    const { data } = await loadList();
    const { id } = nonNull(data?.livestreams.edges[0]).node;
    const page = await client.query(LivestreamPage, { id }, { requestPolicy: 'cache-only' });
    expect(page.data?.livestream).toMatchObject({ id, name: expect.any(String) });
  });

  test('remembers that a livestream does not exist', async () => {
    const { client, gateway } = await startClient();
    const find = async () => client.query(LivestreamPage, { id: 'none' });
    expect((await find()).data).toMatchObject({ livestream: null });
    const operations = gateway.operationLogs.length;
    expect((await find()).data).toMatchObject({ livestream: null });
    expect(gateway.operationLogs).toHaveLength(operations);
  });

  test('keeps objects without an id as parts of the object that contains them', async () => {
    const { client } = await startClient();
    const query = '{ livestreamAnalytics { count days { date count } } upstreamBudget { limit } }';
    const { data } = await client.query(query, {});
    expect(data).toMatchObject({ livestreamAnalytics: { count: expect.any(Number) }, upstreamBudget: { limit: 1200 } });
    expect((await client.query(query, {}, { requestPolicy: 'cache-only' })).data).toEqual(data);
  });
});
