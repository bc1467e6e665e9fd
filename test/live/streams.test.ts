import { describe, expect, test } from 'vitest';

import { nonNull, startTestGateway } from '../support/gateway.ts';
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
