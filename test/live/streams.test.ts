import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { describe, expect, test } from 'vitest';

import { nonNull, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { serveGateway } from '../support/servedGateway.ts';

const MULTIPART = 'multipart/mixed;subscriptionSpec=1.0';
const subscriptionTo = (meetingId: string): string =>
  `subscription { livestreamUpdated(meetingId: "${meetingId}") { status } }`;

/** Posts an operation, and collects the response's body as it arrives. */
async function openStream(url: string, query: string, accept: string) {
  const cancellation = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query }),
    signal: cancellation.signal,
  });
  let text = '';
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for await (const chunk of nonNull(response.body)) text += decoder.decode(chunk);
  };
  const whenEnded = read().catch((error: unknown) => String(error));
  return { response, text: () => text, whenEnded, close: () => cancellation.abort() };
}

describe.each([
  {
    accept: 'text/event-stream',
    type: 'text/event-stream',
    start: ':\n\n',
    heartbeat: ':\n\n',
    event: (json: string) => `event: next\ndata: ${json}\n\n`,
    end: 'event: complete\ndata:\n\n',
  },
  {
    accept: MULTIPART,
    type: 'multipart/mixed; boundary=graphql; subscriptionSpec=1.0',
    start: '\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql',
    heartbeat: '\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql',
    event: (json: string) => `\r\ncontent-type: application/json\r\n\r\n{"payload":${json}}\r\n--graphql`,
    end: '--\r\n',
  },
])('a stream of type $type', ({ accept, type, start, heartbeat, event, end }) => {
  const STREAM_HEADERS = {
    'content-type': type,
    'cache-control': 'private, no-store, no-transform',
    'x-accel-buffering': 'no',
  };
  const LIVE = event('{"data":{"livestreamUpdated":{"status":"LIVE"}}}');

  test('starts at once, tells proxies not to buffer it, and contains a heartbeat after 12 seconds without events', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const stream = await openStream(url, subscriptionTo(gateway.exampleIds.liveMeetingId), accept);
    expect(stream.response.status).toBe(200);
    expect(Object.fromEntries(stream.response.headers)).toMatchObject(STREAM_HEADERS);
    await expect.poll(stream.text).toBe(start + LIVE);
    gateway.clock.advance(11_999);
    await gateway.roundTrip();
    expect(stream.text()).toBe(start + LIVE);
    gateway.clock.advance(1);
    await expect.poll(stream.text).toBe(start + LIVE + heartbeat);
    gateway.clock.advance(12_000);
    await expect.poll(stream.text).toBe(start + LIVE + heartbeat + heartbeat);
    stream.close();
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
  });

  test('of a query consists of its result', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const { response, text, whenEnded } = await openStream(url, '{ __typename }', `${accept}, application/json;q=0.5`);
    await whenEnded;
    expect(Object.fromEntries(response.headers)).toMatchObject(STREAM_HEADERS);
    expect([response.status, text()]).toEqual([200, start + event('{"data":{"__typename":"Query"}}') + end]);
  });

  test('of a rejected operation consists of its errors, and has their status and headers', async () => {
    const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
    const { url } = await serveGateway(gateway);
    const { response, text, whenEnded } = await openStream(url, '{ __typename }', accept);
    await whenEnded;
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(Object.fromEntries(response.headers)).toMatchObject(STREAM_HEADERS);
    expect(text()).toContain('"code":"UNAUTHENTICATED"');
    expect(text().endsWith(end)).toBe(true);
  });

  test('ends with an error in an event, without its HTTP status, when the livestream does not exist', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const query = 'subscription { livestreamUpdated(livestreamId: "none") { status } }';
    const { text, whenEnded } = await openStream(url, query, accept);
    await whenEnded;
    expect(text()).toContain('"code":"BAD_USER_INPUT"');
    expect(text()).not.toContain('"http"');
    expect(text().endsWith(end)).toBe(true);
  });
});

describe('Apollo Client with its HttpLink', () => {
  function createClient(uri: string): ApolloClient {
    return new ApolloClient({ link: new HttpLink({ uri }), cache: new InMemoryCache() });
  }

  async function start(gateway: TestGateway, meetingId: string): Promise<void> {
    const query = `mutation { startLivestream(input: { meetingId: "${meetingId}" }) { userErrors { code } } }`;
    expect((await gateway.send({ query })).errors).toEqual([]);
  }

  test('receives the current state of a livestream, every change, and nothing for heartbeats', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const meetingId = gateway.exampleIds.idleMeetingId;
    await start(gateway, meetingId);
    const results: unknown[] = [];
    const subscription = createClient(url)
      .subscribe({ query: gql(subscriptionTo(meetingId)) })
      .subscribe({ next: (result) => results.push(result), error: (error: unknown) => results.push(error) });
    await expect.poll(() => results.length).toBe(1);
    const advance = (): number => {
      gateway.clock.advance(1000);
      return results.length;
    };
    await expect.poll(advance, { interval: 10 }).toBeGreaterThan(1);
    expect(results[0]).toEqual({ data: { livestreamUpdated: { __typename: 'Livestream', status: 'INVOKED' } } });
    expect(results[1]).toEqual({ data: { livestreamUpdated: { __typename: 'Livestream', status: 'LIVE' } } });
    subscription.unsubscribe();
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
  });

  test.each([
    ['an invalid subscription', 'subscription { nope }', /Cannot query field/],
    [
      'a subscription to a livestream that does not exist',
      'subscription { livestreamUpdated(livestreamId: "none") { id } }',
      /No livestream/,
    ],
  ])('receives the errors of %s', async (_case, document, message) => {
    const { url } = await serveGateway(await startTestGateway());
    const results: unknown[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    createClient(url)
      .subscribe({ query: gql(document) })
      .subscribe({ next: ({ error }) => results.push(error), error: reject, complete: resolve });
    await promise;
    expect(results).toHaveLength(1);
    expect(CombinedGraphQLErrors.is(results[0])).toBe(true);
    expect(String(results[0])).toMatch(message);
  });

  test('gets an error when the stream breaks because the gateway shuts down', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const errors: unknown[] = [];
    const query = gql(subscriptionTo(gateway.exampleIds.liveMeetingId));
    createClient(url)
      .subscribe({ query })
      .subscribe({ next: ({ error }) => error && errors.push(error), error: (error: unknown) => errors.push(error) });
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
    gateway.server.endSubscriptions();
    await expect.poll(() => errors.length).toBe(1);
  });
});
