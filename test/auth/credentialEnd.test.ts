import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { at, type TestGatewayOptions } from '../support/gateway.ts';
import { apiKeySettings, startGatewayWithAuth, startWithProvider } from '../support/identityProvider.ts';
import { serveGateway } from '../support/servedGateway.ts';

const SUBSCRIPTION = 'subscription { livestreamUpdated { id status } }';
const SECOND = 1000;
/** When the provider's tokens end: after five minutes, and the clock skew. */
const TOKEN_LIFETIME_MS = 330 * SECOND;

const LAST_EVENTS =
  /event: next\ndata: \{"errors":\[\{"message":"The credential has expired or was withdrawn: subscribe again with a valid one\.","extensions":\{"code":"UNAUTHENTICATED","retryable":false\}\}\]\}\n\nevent: complete\ndata:?\s*$/;

/** Subscribes over server-sent events, and waits for the first event. `rest` resolves with the text of the whole stream. */
async function subscribeOverSse(url: string, headers: Record<string, string>) {
  const { body, status } = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query: SUBSCRIPTION }),
  });
  if (body === null || status !== 200) throw new Error(`Not a stream: ${status}`);
  const stream = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: next')) text += (await stream.read()).value ?? '';
  let hasEnded = false;
  const readToEnd = async (): Promise<string> => {
    for (let part = await stream.read(); !part.done; part = await stream.read()) text += part.value;
    hasEnded = true;
    return text;
  };
  return { ended: readToEnd().catch(() => 'broken off'), hasEnded: () => hasEnded };
}

/** Subscribes with the client of graphql-ws. `credential` is called for each connection. */
function subscribeOverWebSocket(socketUrl: string, connectionParams: () => Promise<Record<string, string>>) {
  const results: unknown[] = [];
  const closeCodes: unknown[] = [];
  const outcome: unknown[] = [];
  const client = createClient({
    url: socketUrl,
    connectionParams,
    retryWait: async () => {},
    on: {
      closed(event) {
        closeCodes.push(at(event, 'code'));
        results.push('closed');
      },
    },
  });
  const subscribe = (query: string): void =>
    void client.subscribe(
      { query },
      {
        next: (result) => results.push(result),
        error: (error) => outcome.push(at(error, 'code') ?? error),
        complete: () => outcome.push('complete'),
      },
    );
  subscribe(SUBSCRIPTION);
  onTestFinished(() => void client.dispose());
  return { closeCodes, results, outcome, subscribe };
}

/** A gateway that accepts two API keys, served over HTTP. */
async function serveWithKeys(intercept?: TestGatewayOptions['intercept']) {
  const SCOPES = { one: ['livestream:read'], two: ['livestream:read', 'livestream:write'] };
  const gateway = await startGatewayWithAuth(apiKeySettings(SCOPES), { ...(intercept && { intercept }) });
  const acceptOnly = (scopesByKey: Record<string, string[]>): void => {
    const settings = apiKeySettings(scopesByKey);
    if (settings.kind === 'api-key') gateway.server.replaceApiKeys(settings.keys);
  };
  const statusFor = async (key: string): Promise<number> =>
    (await gateway.send({ query: '{ __typename }' }, { headers: { 'x-api-key': key } })).status;
  return { gateway, served: await serveGateway(gateway), acceptOnly, statusFor, SCOPES };
}

describe('when its token expires, a subscription', () => {
  test('over server-sent events gets an error as the last event, not a second earlier', async () => {
    const { gateway, sign } = await startWithProvider();
    const { url } = await serveGateway(gateway);
    const { ended, hasEnded } = await subscribeOverSse(url, { authorization: `Bearer ${await sign()}` });
    gateway.clock.advance(TOKEN_LIFETIME_MS - SECOND);
    await gateway.roundTrip();
    expect([hasEnded(), gateway.server.subscriptionCount()]).toEqual([false, 1]);
    gateway.clock.advance(SECOND);
    expect(await ended).toMatch(LAST_EVENTS);
    expect(gateway.server.subscriptionCount()).toBe(0);
    expect(gateway.operationLogs.at(-1)).toMatchObject({
      message: 'Subscription ended.',
      fields: { code: 'UNAUTHENTICATED' },
    });
  });

  test('over a WebSocket continues on a new connection with a new token', async () => {
    const { gateway, sign } = await startWithProvider();
    const { socketUrl } = await serveGateway(gateway);
    const connectionParams = vi.fn<() => Promise<Record<string, string>>>(async () => ({
      authorization: `Bearer ${await sign()}`,
    }));
    const { closeCodes, results, outcome } = subscribeOverWebSocket(socketUrl, connectionParams);
    await expect.poll(() => results.length).toBeGreaterThan(0);
    gateway.clock.advance(TOKEN_LIFETIME_MS);
    await expect.poll(() => results.includes('closed') && results.at(-1) !== 'closed').toBe(true);
    expect(closeCodes).toEqual([4403]);
    expect([connectionParams.mock.calls.length, outcome]).toEqual([2, []]);
    expect(JSON.stringify(results)).not.toContain('errors');
  });

  test('over a WebSocket fails for good if the client has no new token', async () => {
    const { gateway, sign } = await startWithProvider();
    const { socketUrl } = await serveGateway(gateway);
    const token = await sign();
    const { closeCodes, results, outcome } = subscribeOverWebSocket(socketUrl, async () => ({
      authorization: `Bearer ${token}`,
    }));
    await expect.poll(() => results.length).toBeGreaterThan(0);
    gateway.clock.advance(TOKEN_LIFETIME_MS);
    await expect.poll(() => outcome).toEqual([4401]);
    expect(closeCodes).toEqual([4403, 4401]);
  });

  test('ends even while it is being set up', async () => {
    const { gateway, sign } = await startWithProvider(0);
    const exp = gateway.clock.now() / SECOND + 5;
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${await sign({ claims: { exp } })}` };
    gateway.sandbox.setFaults([{ kind: 'hang' }]);
    const response = gateway.send({ query: SUBSCRIPTION }, { headers });
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
    gateway.clock.advance(5 * SECOND);
    expect((await response).text).toMatch(LAST_EVENTS);
    expect(gateway.server.subscriptionCount()).toBe(0);
  });
});

test('an operation over a WebSocket whose token has expired continues on a new connection', async () => {
  const { gateway, sign } = await startWithProvider();
  const { socketUrl } = await serveGateway(gateway);
  const client = createClient({
    url: socketUrl,
    lazy: false,
    connectionParams: async () => ({ authorization: `Bearer ${await sign()}` }),
    retryWait: async () => {},
  });
  onTestFinished(() => void client.dispose());
  const query = async () => client.iterate({ query: '{ livestreams(first: 1) { totalCount } }' }).next();
  const result = { value: { data: { livestreams: { totalCount: 320 } } } };
  expect(await query()).toMatchObject(result);
  gateway.clock.advance(TOKEN_LIFETIME_MS);
  expect(await query()).toMatchObject(result);
});

test('a mutation in progress when its credential ends completes before the WebSocket is closed, and is sent once', async () => {
  const released = Promise.withResolvers<void>();
  const { gateway, served, acceptOnly } = await serveWithKeys((send) => async (request) => {
    if (request.method === 'POST') await released.promise;
    return send(request);
  });
  const { closeCodes, results, subscribe } = subscribeOverWebSocket(served.socketUrl, async () => ({
    'x-api-key': 'two',
  }));
  await expect.poll(() => results.length).toBeGreaterThan(0);
  const meetingId = gateway.exampleIds.idleMeetingId;
  subscribe(`mutation { startLivestream(input: { meetingId: "${meetingId}" }) { userErrors { code } } }`);
  await expect.poll(() => gateway.server.pendingMutations.size()).toBe(1);
  acceptOnly({});
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
  expect(closeCodes).toEqual([]);
  released.resolve();
  await expect.poll(() => closeCodes).toEqual([4403, 4401]);
  expect(results).toContainEqual({ data: { startLivestream: { userErrors: [] } } });
  expect(gateway.upstreamRequests().filter((request) => request.startsWith('POST'))).toHaveLength(1);
});

test.each(['unsubscribes', 'expires'])(
  'nothing waits for the expiry of a token any more when the subscription %s',
  async (how) => {
    const { gateway, sign } = await startWithProvider();
    const { url } = await serveGateway(gateway);
    const authorization = `Bearer ${await sign()}`;
    const timers = gateway.clock.pending();
    const cancellation = new AbortController();
    const { body } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization },
      body: JSON.stringify({ query: SUBSCRIPTION }),
      signal: cancellation.signal,
    });
    await body?.getReader().read();
    expect(gateway.clock.pending()).toBeGreaterThan(timers);
    if (how === 'unsubscribes') cancellation.abort();
    else gateway.clock.advance(TOKEN_LIFETIME_MS);
    await expect.poll(() => gateway.clock.pending()).toBe(timers);
  },
);

describe('when API keys are replaced', () => {
  test('a withdrawn key is refused at once, a new one is let in, and the others stay', async () => {
    const { acceptOnly, statusFor, SCOPES } = await serveWithKeys();
    expect([await statusFor('one'), await statusFor('two'), await statusFor('three')]).toEqual([200, 200, 401]);
    acceptOnly({ two: SCOPES.two, three: ['livestream:read'] });
    expect([await statusFor('one'), await statusFor('two'), await statusFor('three')]).toEqual([401, 200, 200]);
  });

  test('the subscriptions of a withdrawn key end, and those of the others continue', async () => {
    const { gateway, served, acceptOnly, SCOPES } = await serveWithKeys();
    const one = await subscribeOverSse(served.url, { 'x-api-key': 'one' });
    const two = await subscribeOverSse(served.url, { 'x-api-key': 'two' });
    const socket = subscribeOverWebSocket(served.socketUrl, async () => ({ 'x-api-key': 'one' }));
    await expect.poll(() => socket.results.length).toBeGreaterThan(0);
    acceptOnly({ two: SCOPES.two });
    expect(await one.ended).toMatch(LAST_EVENTS);
    await expect.poll(() => socket.outcome).toEqual([4401]);
    expect([socket.closeCodes, two.hasEnded(), gateway.server.subscriptionCount()]).toEqual([[4403, 4401], false, 1]);
  });

  test('the subscriptions of a key whose scopes have changed end, so that the new scopes apply', async () => {
    const { served, acceptOnly, SCOPES } = await serveWithKeys();
    const { ended } = await subscribeOverSse(served.url, { 'x-api-key': 'two' });
    acceptOnly({ ...SCOPES, two: ['livestream:write'] });
    expect(await ended).toMatch(LAST_EVENTS);
  });
});
