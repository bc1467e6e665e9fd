import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';

import { nonNull, startTestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { apiKeySettings } from '../../support/identityProvider.ts';
import { serveGateway } from '../../support/servedGateway.ts';
import { fakeClientTimers } from '../support/fakeTimers.ts';
import type { Credentials } from './authLink.ts';
import { createClient } from './client.ts';
import { loadMore, startLivestream, stopLivestream } from './livestreams.ts';
import { LivestreamCard, Livestreams, LivestreamUpdated, MeetingPage } from './operations.ts';

/** Starts a gateway, and a client as the documentation sets it up. */
async function start(options: TestGatewayOptions = {}, credentials: Partial<Credentials> = {}) {
  const gateway = await startTestGateway(options);
  const served = await serveGateway(gateway);
  const shown: string[] = [];
  const client = createClient({
    url: served.url,
    credentials: { token: () => 'token', refresh: async () => {}, ...credentials },
    show: (message) => shown.push(message),
  });
  return { gateway, served, client, shown };
}

/** Opens the page of a meeting, and returns what it has shown of the active livestream. */
async function openMeetingPage({ client }: Awaited<ReturnType<typeof start>>, id: string) {
  const page = client.watchQuery({ query: MeetingPage, variables: { id } });
  const seen: unknown[] = [];
  page.subscribe(({ data, dataState }) => dataState === 'complete' && seen.push(data.meeting?.activeLivestream));
  await expect.poll(() => seen.length).toBe(1);
  return seen;
}

describe('the cache', () => {
  test('of Apollo Client joins the pages of a list, so that all livestreams can be loaded', async () => {
    const { client } = await start();
    const list = client.watchQuery({ query: Livestreams, variables: { first: 100 } });
    await firstValueFrom(list.pipe(filter(({ dataState }) => dataState === 'complete')));
    list.subscribe(() => {});
    const loaded = () => list.getCurrentResult().data?.livestreams?.edges?.map((edge) => edge?.node?.id) ?? [];
    for (let count = 100; await loadMore(list); count = loaded().length)
      await expect.poll(() => loaded().length).toBeGreaterThan(count);
    expect(new Set(loaded()).size).toBe(320);
    expect(list.getCurrentResult().data?.livestreams?.totalCount).toBe(320);
  });

  test('of Apollo Client shows the fields of a fragment to the component that has asked for them, and to no other', async () => {
    const { client } = await start();
    const { data } = await client.query({ query: Livestreams, variables: { first: 1 } });
    const node = nonNull(data?.livestreams.edges[0]).node;
    expect(Object.keys(node)).toEqual(['__typename', 'id']);
    const card = client.watchFragment({ fragment: LivestreamCard, from: node }).getCurrentResult();
    expect(card.data).toEqual({ __typename: 'Livestream', id: node.id, name: expect.any(String), status: 'LIVE' });
  });

  test('of Apollo Client answers a query for one object with what a list has loaded', async () => {
    const { gateway, client } = await start();
  });
});
