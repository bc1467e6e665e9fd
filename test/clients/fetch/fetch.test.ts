import { InfiniteQueryObserver, QueryObserver } from '@tanstack/query-core';
import { expect, onTestFinished, test } from 'vitest';

import { at, startTestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { serveGateway } from '../../support/servedGateway.ts';
import { APP_KEY, READER_KEY, startTrustedGateway, UNKNOWN_KEY } from '../support/trustedGateway.ts';
import type { Token } from '../authorizedFetch.ts';
import { fakeClientTimers } from '../support/fakeTimers.ts';
import { createGateway } from './gateway.ts';
import { livestreamListQuery } from './livestreamList.ts';
import { followMeeting, keyOf, meetingQuery, startLivestream } from './meetingPage.ts';
import { LivestreamList, LivestreamUpdated } from './operations.ts';
import { createQueryClient } from './queryClient.ts';

const MANIFEST = new URL('generated/persisted-documents.json', import.meta.url);

/** Starts a gateway that serves only what GraphQL Code Generator has persisted, and a page that records what it shows. */
async function start({ token = async () => APP_KEY, ...options }: TestGatewayOptions & { token?: Token } = {}) {
  const trusted = await startTrustedGateway(MANIFEST, options);
  const gateway = createGateway({ url: trusted.url, token, trustedDocuments: true });
  const cache = createQueryClient();
  const page = new QueryObserver(cache, meetingQuery(gateway, trusted.gateway.exampleIds.idleMeetingId));
  const shown: unknown[] = [];
  const openPage = async (): Promise<void> => {
    onTestFinished(
      page.subscribe(({ data }) => {
        const livestream = at(data, 'data', 'meeting', 'activeLivestream');
        if (livestream !== undefined) shown.push(livestream && [at(livestream, 'name'), at(livestream, 'status')]);
      }),
    );
    await expect.poll(() => page.getCurrentResult().isFetching).toBe(false);
  };
  const openList = async () => {
    const list = new InfiniteQueryObserver(cache, livestreamListQuery(gateway));
    onTestFinished(list.subscribe(() => {}));
    await expect.poll(() => list.getCurrentResult().isFetching).toBe(false);
    return list;
  };
  return {
    ...trusted,
    meetingId: trusted.gateway.exampleIds.idleMeetingId,
    client: { cache, gateway },
    page,
    openPage,
    openList,
    /** The name and status of each livestream that the page has shown. */
    shown,
  };
}

test('fetch sends the text of documents to any gateway: of queries and of subscriptions', async () => {
  const gateway = await startTestGateway();
  const { url } = await serveGateway(gateway);
  const client = createGateway({ url, token: async () => 'token' });
  expect(await client.execute(LivestreamList, { first: 1 })).toMatchObject({
    data: { livestreams: { totalCount: 320 } },
  });
  const end = new AbortController();
  const events = client.subscribe(LivestreamUpdated, { meetingId: gateway.exampleIds.liveMeetingId }, end.signal);
  expect((await events.next()).value).toMatchObject({ livestreamUpdated: { status: 'LIVE' } });
  end.abort();
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
});

test('fetch pages through all livestreams', async () => {
  const { openList } = await start();
  const list = await openList();
  while (list.getCurrentResult().hasNextPage) await list.fetchNextPage();
  const pages = list.getCurrentResult().data?.pages ?? [];
  expect(pages.map(({ totalCount, nodes }) => [totalCount, nodes.length])).toEqual([
    [320, 100],
    [320, 100],
    [320, 100],
    [320, 20],
  ]);
  expect(new Set(pages.flatMap(({ nodes }) => nodes.map(({ id }) => id))).size).toBe(320);
});

test('shows a started livestream before the gateway responds, and then the actual one', async () => {
  const gate = Promise.withResolvers<void>();
  const { client, gateway, meetingId, openPage, shown } = await start({
    intercept: (send) => async (request) => {
      if (request.method === 'POST') await gate.promise;
      return send(request);
    },
  });
  await openPage();
  const started = startLivestream(client, meetingId, 'Launch');
  await expect.poll(() => shown).toEqual([null, ['Launch', 'INVOKED']]);
  expect(gateway.upstreamRequests()).not.toContain('POST /meetings/{meeting_id}/livestreams');
  gate.resolve();
  expect(await started).toBeNull();
  expect(at(client.cache.getQueryData(keyOf(meetingId)), 'data', 'meeting', 'activeLivestream')).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: 'Launch',
  });
});

test('shows the user what a CONFLICT means, and the livestream that is live', async () => {
  const { client, gateway, meetingId, openPage, shown } = await start();
  await openPage();
  await gateway.rest(`/meetings/${meetingId}/livestreams`, { name: 'Started elsewhere' });
  expect(await startLivestream(client, meetingId, 'Launch')).toBe('This meeting is live already.');
  await expect.poll(() => shown.at(-1)).toEqual(['Started elsewhere', 'INVOKED']);
});

test('takes the optimistic livestream back when the start is not allowed', async () => {
  const { client, meetingId, openPage, shown } = await start({ token: async () => READER_KEY });
  await openPage();
  expect(await startLivestream(client, meetingId, 'Launch')).toBe('You do not have permission for this.');
  await expect.poll(() => shown.at(-1)).toBeNull();
});

test('shows a livestream that was started elsewhere, because a subscription delivers it', async () => {
  const { client, gateway, meetingId, openPage, shown } = await start();
  await openPage();
  const end = new AbortController();
  const following = followMeeting(client, meetingId, end.signal);
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  await gateway.rest(`/meetings/${meetingId}/livestreams`, { name: 'Started elsewhere' });
  const advance = () => {
    gateway.clock.advance(1000);
    return shown;
  };
  await expect.poll(advance, { interval: 10 }).toContainEqual(['Started elsewhere', 'LIVE']);
  end.abort();
  await following;
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
});

test('shows the user that the session has ended when the gateway does not accept the credential', async () => {
  const { openPage, page } = await start({ token: async () => UNKNOWN_KEY });
  await openPage();
  expect(page.getCurrentResult().error?.message).toBe('Your session has expired. Sign in again.');
});

test('gets a new token and repeats the request, once, when the gateway does not accept the token', async () => {
  const token = async (renew: boolean) => (renew ? APP_KEY : UNKNOWN_KEY);
  const { client, gateway, meetingId, openList } = await start({ token });
  expect((await openList()).getCurrentResult().data?.pages).toMatchObject([{ totalCount: 320 }]);
  const end = new AbortController();
  const following = followMeeting(client, meetingId, end.signal);
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  end.abort();
  await following;
});

test('throws an error that says what the user should read when the credential of a subscription is withdrawn', async () => {
  const { client, gateway, meetingId } = await start();
  const following = followMeeting(client, meetingId, new AbortController().signal);
  const outcome = expect(following).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    message: 'Your session has expired. Sign in again.',
  });
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  gateway.server.replaceApiKeys([]);
  await outcome;
});

test('repeats a query after the wait that the gateway gives', async () => {
  const { gateway, openList } = await start();
  gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 7, times: 1 }]);
  const timers = fakeClientTimers();
  const opened = openList();
  await timers.waitForTimer(7000, 7000);
  gateway.clock.advance(7000);
  timers.advance(7000);
  expect((await opened).getCurrentResult().data?.pages).toMatchObject([{ totalCount: 320 }]);
});

test('does not keep the user waiting for more than 30 seconds', async () => {
  const { gateway, openList } = await start();
  gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 31 }]);
  const list = await openList();
  expect(list.getCurrentResult().error?.message).toBe('Too many requests. Try again in 31 seconds.');
});

test('says that there is no connection when the gateway cannot be reached', async () => {
  const gateway = createGateway({ url: 'http://127.0.0.1:1/graphql', token: async () => APP_KEY });
  await expect(gateway.execute(LivestreamList, { first: 1 })).rejects.toMatchObject({
    code: 'NETWORK_ERROR',
    retryable: true,
  });
});

test('says which field has failed, and what the user should read, when the rest of the data is there', async () => {
  const { client, gateway, meetingId } = await start();
  gateway.sandbox.setFaults([{ kind: 'status', status: 503, route: '/meetings/{meeting_id}/active-livestream' }]);
  const { data, errors } = await client.cache.fetchQuery(meetingQuery(client.gateway, meetingId));
  expect(data.meeting).toMatchObject({ title: expect.any(String), activeLivestream: null });
  expect(errors).toMatchObject([{ code: 'UPSTREAM_UNAVAILABLE', retryable: true }]);
});

test('answers a repeated query from the cache, whose key is the document and its variables', async () => {
  const { client, gateway, meetingId } = await start();
  const read = async () => client.cache.fetchQuery(meetingQuery(client.gateway, meetingId));
  const first = await read();
  const operations = gateway.operationLogs.length;
  expect(await read()).toBe(first);
  expect(gateway.operationLogs).toHaveLength(operations);
  expect(keyOf(meetingId)).toEqual([expect.stringMatching(/^sha256:[0-9a-f]{64}$/), { id: meetingId }]);
});

test('any document that GraphQL Code Generator has not persisted is rejected', async () => {
  const { documents, gateway } = await start();
  expect(documents.size).toBe(4);
  const { errors } = await gateway.send({ query: '{ __typename }' }, { headers: { 'x-api-key': APP_KEY } });
  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
});
