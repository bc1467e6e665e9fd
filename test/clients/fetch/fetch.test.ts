import { QueryClient, QueryObserver } from '@tanstack/query-core';
import { expect, onTestFinished, test } from 'vitest';

import { at, type TestGatewayOptions } from '../../support/gateway.ts';
import { APP_KEY, READER_KEY, startTrustedGateway, UNKNOWN_KEY } from '../support/trustedGateway.ts';
import { createGateway } from './gateway.ts';
import { livestreamPages } from './livestreamList.ts';
import { followMeeting, keyOf, meetingQuery, startLivestream } from './meetingPage.ts';

const MANIFEST = new URL('generated/persisted-documents.json', import.meta.url);

/** Starts a gateway that serves only what GraphQL Code Generator has persisted, and a page that records what it shows. */
async function start({ key = APP_KEY, ...options }: TestGatewayOptions & { key?: string } = {}) {
  const trusted = await startTrustedGateway(MANIFEST, options);
  const gateway = createGateway({ url: trusted.url, token: async () => key });
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } });
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
  return {
    ...trusted,
    meetingId: trusted.gateway.exampleIds.idleMeetingId,
    client: { cache, gateway },
    page,
    openPage,
    /** The name and status of each livestream that the page has shown. */
    shown,
  };
}

test('fetch pages through all livestreams', async () => {
  const { client } = await start();
  const ids = new Set<string>();
  for await (const { nodes, totalCount } of livestreamPages(client.gateway)) {
    expect(totalCount).toBe(320);
    for (const { id } of nodes) ids.add(id);
  }
  expect(ids.size).toBe(320);
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
  const { client, meetingId, openPage, shown } = await start({ key: READER_KEY });
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
  const { openPage, page } = await start({ key: UNKNOWN_KEY });
  await openPage();
  expect(page.getCurrentResult().error?.message).toBe('Your session has expired. Sign in again.');
});

test('says that there is no connection when the gateway cannot be reached', async () => {
  const gateway = createGateway({ url: 'http://127.0.0.1:1/graphql', token: async () => APP_KEY });
  await expect(livestreamPages(gateway).next()).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true });
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
