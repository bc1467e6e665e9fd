import { expect, onTestFinished, test } from 'vitest';

import type { TestGatewayOptions } from '../../support/gateway.ts';
import { hashOf } from '../../support/hashOf.ts';
import { APP_KEY, READER_KEY, startTrustedGateway, UNKNOWN_KEY } from '../support/trustedGateway.ts';
import type { Token } from '../authorizedFetch.ts';
import { createGatewayClient } from './client.ts';
import { livestreamPages } from './livestreamList.ts';
import { followMeeting, type MeetingView, showMeeting, startLivestream } from './meetingPage.ts';
import { textOf } from './operations.ts';

const MANIFEST = new URL('generated/persisted-documents.json', import.meta.url);

/** Starts a gateway that serves only what gql.tada has persisted, a client, and a page that records what it shows. */
async function start({ token = async () => APP_KEY, ...options }: TestGatewayOptions & { token?: Token } = {}) {
  const trusted = await startTrustedGateway(MANIFEST, options);
  const client = createGatewayClient({ url: trusted.url, token });
  let view: Partial<MeetingView> = {};
  const shown: (string | null)[] = [];
  return {
    ...trusted,
    client,
    view: () => view,
    /** What the page has shown as the livestream, from the beginning. */
    shown,
    show(change: Partial<MeetingView>) {
      view = { ...view, ...change };
      if (change.livestream !== undefined) shown.push(change.livestream);
    },
  };
}

test('gql.tada pages through all livestreams with urql', async () => {
  const { client } = await start();
  const rows: string[] = [];
  for await (const { edges, totalCount } of livestreamPages(client)) {
    expect(totalCount).toBe(320);
    rows.push(...edges.map(({ node }) => textOf(node)));
  }
  expect(rows).toHaveLength(320);
  expect(rows.every((row) => /^.+: [A-Z]+$/.test(row))).toBe(true);
});

test('shows a started livestream before the gateway responds, and then the actual one', async () => {
  const { client, gateway, show, shown, view } = await start();
  const { idleMeetingId } = gateway.exampleIds;
  onTestFinished(showMeeting(client, idleMeetingId, show));
  await expect.poll(() => shown).toEqual([null]);
  await startLivestream(client, idleMeetingId, 'Launch', show);
  expect(shown.slice(0, 3)).toEqual([null, 'Launch: starting', 'Launch: INVOKED']);
  expect(view().problem).toBeNull();
});

test('shows the user what a CONFLICT means, and the livestream that is live', async () => {
  const { client, gateway, show, view } = await start();
  const { idleMeetingId } = gateway.exampleIds;
  await gateway.rest(`/meetings/${idleMeetingId}/livestreams`, { name: 'Started elsewhere' });
  await startLivestream(client, idleMeetingId, 'Launch', show);
  expect(view()).toEqual({ livestream: 'Started elsewhere: INVOKED', problem: 'This meeting is live already.' });
});

test('takes the optimistic livestream back when the start is not allowed', async () => {
  const { client, gateway, show, view } = await start({ token: async () => READER_KEY });
  await startLivestream(client, gateway.exampleIds.idleMeetingId, 'Launch', show);
  expect(view()).toEqual({ livestream: null, problem: 'You do not have permission for this.' });
});

test('shows a livestream that was started elsewhere, because a subscription delivers it', async () => {
  const { client, gateway, show, shown } = await start();
  const { idleMeetingId } = gateway.exampleIds;
  onTestFinished(followMeeting(client, idleMeetingId, show));
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  await gateway.rest(`/meetings/${idleMeetingId}/livestreams`, { name: 'Started elsewhere' });
  const advance = () => {
    gateway.clock.advance(1000);
    return shown;
  };
  await expect.poll(advance, { interval: 10 }).toContain('Started elsewhere: LIVE');
});

test('shows the user that the session has ended when the gateway does not accept the credential', async () => {
  const { client, gateway, show, view } = await start({ token: async () => UNKNOWN_KEY });
  onTestFinished(showMeeting(client, gateway.exampleIds.idleMeetingId, show));
  await expect.poll(() => view().problem).toBe('Your session has expired. Sign in again.');
});

test('shows the user that the session has ended when the credential of a subscription is withdrawn', async () => {
  const { client, gateway, show, view } = await start();
  onTestFinished(followMeeting(client, gateway.exampleIds.liveMeetingId, show));
  await expect.poll(() => view().livestream).toMatch(/: LIVE$/);
  gateway.server.replaceApiKeys([]);
  await expect.poll(() => view().problem).toBe('Your session has expired. Sign in again.');
});

test('gets a new token and repeats the request, once, when the gateway does not accept the token', async () => {
  const { client } = await start({ token: async (renew) => (renew ? APP_KEY : UNKNOWN_KEY) });
  expect((await livestreamPages(client).next()).value).toMatchObject({ totalCount: 320 });
});

test('throws an error that says what the user should read when a page cannot be loaded', async () => {
  const { client, gateway } = await start();
  const pages = livestreamPages(client);
  await pages.next();
  gateway.sandbox.setFaults([{ kind: 'status', status: 503 }]);
  await expect(pages.next()).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    retryable: true,
    message: 'The livestream service is not available. Try again in a minute.',
  });
});

test('answers a repeated query from the cache, until a mutation changes the meeting', async () => {
  const { client, gateway, show, view } = await start();
  const { idleMeetingId } = gateway.exampleIds;
  const read = () =>
    new Promise<void>((resolve) =>
      onTestFinished(showMeeting(client, idleMeetingId, (change) => resolve(show(change)))),
    );
  await read();
  const operations = gateway.operationLogs.length;
  await read();
  expect(gateway.operationLogs).toHaveLength(operations);
  await startLivestream(client, idleMeetingId, 'Launch', () => {});
  await expect.poll(() => view().livestream).toBe('Launch: INVOKED');
});

test('each document is persisted under the hash of its text', async () => {
  const { documents } = await start();
  const hashes = Array.from(documents.values(), (text) => hashOf(text));
  expect([...documents.keys()]).toEqual(hashes);
  expect(hashes).toHaveLength(4);
});

test('any document that gql.tada has not persisted is rejected', async () => {
  const { gateway } = await start();
  const { errors } = await gateway.send({ query: '{ __typename }' }, { headers: { 'x-api-key': APP_KEY } });
  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
});
