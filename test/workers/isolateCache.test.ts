import { describe, expect, test } from 'vitest';

import { createSigningKey } from '../../src/sandbox/webhooks/signingKey.ts';
import { nonNull, startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { apiKeySettings, startGatewayWithAuth } from '../support/identityProvider.ts';
import { keyResponse, WEBHOOK_PATH } from '../webhooks/testReceiver.ts';
import { createIsolateCache } from '../../src/workers/isolateCache.ts';
import { objectOf, startIsolate, type TestIsolate } from './isolate.ts';

const LIST = '{ livestreams(first: 3) { nodes { id status } } }';
const KEYS = {
  reader: ['livestream:read'],
  other: ['livestream:read'],
  encoder: ['livestream:read', 'livestream:secret'],
  writer: ['livestream:read', 'livestream:write'],
  nobody: [],
};

/** A gateway with these keys, and an isolate in front of it. */
async function start(options: { maxAgeMs?: number; maxBytes?: number } = {}, gatewayOptions?: TestGatewayOptions) {
  const gateway = await startGatewayWithAuth(apiKeySettings(KEYS), gatewayOptions);
  return { gateway, isolate: startIsolate(objectOf(gateway), { clock: gateway.clock, ...options }) };
}

const as = (key: string, more: Record<string, string> = {}) => ({ headers: { 'x-api-key': key, ...more } });

/** Sends the same request twice, and says whether the object got the second one too. */
async function isForwardedAgain(send: () => ReturnType<TestIsolate['fetch']>): Promise<boolean> {
  const first = await send();
  expect(first.wasForwarded).toBe(true);
  const second = await send();
  expect([second.status, second.text]).toEqual([first.status, first.text]);
  return second.wasForwarded;
}

const startMutation = (gateway: TestGateway, name = 'x') =>
  `mutation { startLivestream(input: { meetingId: "${gateway.exampleIds.idleMeetingId}", name: "${name}" }) { livestream { name } } }`;
const active = (gateway: TestGateway) =>
  `{ meeting(id: "${gateway.exampleIds.idleMeetingId}") { activeLivestream { name } } }`;

describe('an equal request', () => {
  test.each(['get', 'post'] as const)('by %s is answered by the isolate, with the same response', async (method) => {
    const { isolate } = await start();
    const send = async () =>
      method === 'get' ? isolate.get(LIST, as('reader').headers) : isolate.post(LIST, as('reader'));
    const first = await send();
    const second = await send();
    expect([first.wasForwarded, second.wasForwarded]).toEqual([true, false]);
    expect([second.status, second.text]).toEqual([200, first.text]);
    for (const name of ['content-type', 'cache-control', 'vary', 'etag'])
      expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)]);
    expect(second.headers.get('age')).toBe('0');
  });

  test('has a request id of its own, or the one that it sent', async () => {
    const { isolate } = await start();
    const ids = [
      await isolate.post(LIST, as('reader')),
      await isolate.post(LIST, as('reader')),
      await isolate.post(LIST, as('reader')),
      await isolate.post(LIST, as('reader', { 'x-request-id': 'mine' })),
    ].map(({ headers }) => nonNull(headers.get('x-request-id')));
    expect(new Set(ids).size).toBe(4);
    expect(ids[3]).toBe('mine');
  });

  test('is forwarded after the maximum age', async () => {
    const { gateway, isolate } = await start();
    await isolate.post(LIST, as('reader'));
    gateway.clock.advance(999);
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(false);
    gateway.clock.advance(1);
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(true);
  });

  test('is forwarded if the clock was set back since, so that the age is not known', async () => {
    const gateway = await startGatewayWithAuth(apiKeySettings(KEYS));
    let setBackMs = 0;
    const isolate = startIsolate(objectOf(gateway), { clock: { now: () => gateway.clock.now() - setBackMs } });
    await isolate.post(LIST, as('reader'));
    setBackMs = 60_000;
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(true);
  });

  test('gets the age and what is left of the lifetime, which no cache can exceed whether it subtracts the age or not', async () => {
    const { gateway, isolate } = await start({ maxAgeMs: 60_000 });
    const fields = async () => {
      const { headers, wasForwarded } = await isolate.post(LIST, as('reader'));
      return [wasForwarded, headers.get('cache-control'), headers.get('age')];
    };
    expect(await fields()).toEqual([true, 'private, max-age=2', null]);
    gateway.clock.advance(1);
    expect(await fields()).toEqual([false, 'private, max-age=1', '1']);
    gateway.clock.advance(1000);
    expect(await fields()).toEqual([false, 'private, no-cache, max-age=0', '2']);
    gateway.clock.advance(999);
    expect(await fields()).toEqual([true, 'private, max-age=2', null]);
  });

  test('gets the age that the response had in the gateway, too', async () => {
    const { gateway, isolate } = await start();
    const query = `{ livestreamSession(id: "${gateway.exampleIds.endedSessionId}") { viewerSeconds } }`;
    await isolate.post(query, as('reader'));
    gateway.clock.advance(5000);
    expect((await isolate.post(query, as('reader'))).headers.get('age')).toBe('5');
    gateway.clock.advance(1);
    const { wasForwarded, headers } = await isolate.post(query, as('reader'));
    expect([wasForwarded, headers.get('age')]).toEqual([false, '6']);
  });

  test('gets 304 if it has the response', async () => {
    const { isolate } = await start();
    const { headers } = await isolate.get(LIST, as('reader').headers);
    const etag = nonNull(headers.get('etag'));
    const current = await isolate.get(LIST, { 'x-api-key': 'reader', 'if-none-match': etag });
    expect([current.status, current.text, current.headers.get('etag'), current.wasForwarded]).toEqual([
      304,
      '',
      etag,
      false,
    ]);
    expect(current.headers.get('content-type')).toBeNull();
    const other = await isolate.get(LIST, { 'x-api-key': 'reader', 'if-none-match': '"other"' });
    expect([other.status, other.wasForwarded]).toEqual([200, false]);
  });

  test('is answered if the gateway allows shared caches to store the response, too', async () => {
    const gateway = await startTestGateway({ options: { cacheHeaders: 'public' } });
    const isolate = startIsolate(objectOf(gateway), { clock: gateway.clock });
    expect((await isolate.get(LIST)).headers.get('cache-control')).toBe('public, s-maxage=2');
    gateway.clock.advance(1);
    const { wasForwarded, headers } = await isolate.get(LIST);
    expect([wasForwarded, headers.get('cache-control')]).toEqual([false, 'public, s-maxage=1']);
  });

  test('is forwarded if the isolate stores nothing', async () => {
    const { isolate } = await start({ maxAgeMs: 0 });
    expect(await isForwardedAgain(async () => isolate.post(LIST, as('reader')))).toBe(true);
  });

  test('is forwarded if others have taken the room since', async () => {
    const { isolate } = await start({ maxBytes: 3_000 });
    await isolate.post(LIST, as('reader'));
    for (let i = 0; i < 5; i++) await isolate.post(`${LIST} # ${i}`, as('reader'));
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(true);
  });

  test('is forwarded after 1,000 other objects were asked: changes of this one may have been forgotten', async () => {
    const { isolate } = await start();
    await isolate.post(LIST, as('reader'));
    for (let index = 0; index < 1000; index += 1) await isolate.fetch('/health', {}, `other-${index}`);
    await isolate.post('{ __typename }', as('reader'));
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(true);
  });

  test('that asks for a new response gets one, which is stored', async () => {
    const { isolate } = await start();
    for (const directive of [
      { 'cache-control': 'no-cache' },
      { 'cache-control': 'Max-Age=0' },
      { pragma: 'no-cache' },
    ]) {
      await isolate.post(LIST, as('reader'));
      expect((await isolate.post(LIST, as('reader', directive))).wasForwarded).toBe(true);
      expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(false);
    }
  });

  test('that forbids to store the response is forwarded, and so is the next one', async () => {
    const { isolate } = await start();
    const noStore = as('reader', { 'cache-control': 'no-store' });
    expect((await isolate.post(LIST, noStore)).wasForwarded).toBe(true);
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(true);
    expect((await isolate.post(LIST, noStore)).wasForwarded).toBe(true);
  });
});

describe('never stored is', () => {
  test.each([
    ['an error', 'reader', '{ livestream(id: "not an id!") { id } }'],
    ['an invalid query', 'reader', '{ nothing }'],
    ['a partial error', 'reader', '{ livestreams(first: 1) { nodes { id streamKey } } }'],
    ['a secret', 'encoder', '{ livestreams(first: 1) { nodes { id streamKey } } }'],
    ['a secret by another name', 'encoder', '{ livestreams(first: 1) { nodes { id name: streamKey } } }'],
    [
      'a secret in a fragment',
      'encoder',
      '{ livestreams(first: 1) { nodes { ...F } } } fragment F on Livestream { x: ingestServer }',
    ],
    ['the budget', 'reader', '{ upstreamBudget { limit } }'],
    ['an introspection', 'reader', '{ __typename }'],
    ['what a caller without a scope gets', 'nobody', LIST],
    ['what a caller without a valid key gets', 'unknown', LIST],
  ])('%s', async (_what, key, query) => {
    const { isolate } = await start();
    await isolate.post(query, as(key));
    expect((await isolate.post(query, as(key))).wasForwarded).toBe(true);
  });

  test('a mutation', async () => {
    const { gateway, isolate } = await start();
    gateway.clearUpstreamRequests();
    for (let i = 0; i < 2; i++)
      expect((await isolate.post(startMutation(gateway), as('writer'))).wasForwarded).toBe(true);
    expect(gateway.upstreamRequests().filter((request) => request.startsWith('POST'))).toHaveLength(2);
  });

  test('an event stream', async () => {
    const { isolate } = await start();
    expect(await isForwardedAgain(async () => isolate.post(LIST, as('reader', { accept: 'text/event-stream' })))).toBe(
      true,
    );
  });

  test('the response to a request of more than 64 KiB, or of unknown length', async () => {
    const { isolate } = await start();
    const long = `${LIST} # ${'x'.repeat(64 * 1024)}`;
    expect(await isForwardedAgain(async () => isolate.post(long, as('reader')))).toBe(true);
    const body = JSON.stringify({ query: LIST });
    const headers = { 'content-type': 'application/json', 'x-api-key': 'reader' };
    expect(await isForwardedAgain(async () => isolate.fetch('/graphql', { method: 'POST', headers, body }))).toBe(true);
  });

  test('what is not GraphQL', async () => {
    const { isolate } = await start();
    for (const path of ['/health', '/schema.graphql', '/graphql/x'])
      expect(await isForwardedAgain(async () => isolate.fetch(path, as('reader')))).toBe(true);
  });

  test.each([
    ['longer than 256 KiB', { body: JSON.stringify('x'.repeat(256 * 1024)) }],
    ['with another status', { status: 203 }],
    ['that is not JSON', { headers: { 'content-type': 'text/html' } }],
    ['without a lifetime', { headers: { 'cache-control': 'private, no-cache, max-age=0' } }],
    ['that varies with everything', { headers: { vary: '*' } }],
    ['that varies with an unknown header', { headers: { vary: 'accept, user-agent' } }],
    ['without the number of changes', { headers: { 'x-gateway-changes': '' } }],
    ['during which something changed', { headers: { 'x-gateway-changes': 'a 0 1' } }],
  ])(
    'a response %s',
    async (
      _what,
      { body = '{}', status = 200, headers = {} }: { body?: string; status?: number; headers?: Record<string, string> },
    ) => {
      const usual = {
        'content-type': 'application/json',
        'cache-control': 'private, max-age=2',
        vary: 'accept',
        'x-gateway-changes': 'a 0 0',
      };
      const responses = [
        new Response('{}', { headers: usual }),
        new Response(body, { status, headers: { ...usual, ...headers } }),
      ];
      for (const [index, response] of responses.entries()) {
        const isolate = startIsolate(async () => response.clone(), { clock: { now: () => 0 } });
        expect(await isForwardedAgain(async () => isolate.get('{ a }'))).toBe(index === 1);
      }
    },
  );
});

test('a WebSocket is passed on as it is', async () => {
  const upgraded = Object.defineProperty(new Response(), 'status', { value: 101 });
  const handle = createIsolateCache({ forward: async () => upgraded, clock: { now: () => 0 } });
  const request = new Request('https://gateway.test/graphql', { headers: { upgrade: 'websocket' } });
  expect(await handle(request, '')).toBe(upgraded);
});

describe('a response is served to nobody who', () => {
  test.each([
    ['has another key', { 'x-api-key': 'other' }],
    ['has another key as a bearer', { 'x-api-key': '', authorization: 'Bearer reader' }],
    ['has no valid key', { 'x-api-key': 'unknown' }],
    ['also sends a bearer', { authorization: 'Bearer other' }],
    ['sends a cookie', { cookie: 'a=1' }],
    ['is a page of another origin', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }],
    ['is a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['accepts another media type', { accept: 'application/graphql-response+json' }],
    ['accepts no media type of a result', { accept: 'image/png' }],
    ['reaches the gateway by another host', { host: 'evil.test' }],
    ['wants the cost', { 'x-cost': '1' }],
    ['wants an estimate', { 'x-cost': 'estimate' }],
    ['wants the upstream report', { 'x-upstream-report': '1' }],
    ['wants the cache tags', { 'x-cache-tags': '1' }],
    ['sends another content type', { 'content-type': 'text/plain' }],
    ['claims that the body is compressed', { 'content-encoding': 'gzip' }],
  ])('%s', async (_who, headers) => {
    const { gateway, isolate } = await start();
    await isolate.post(LIST, as('reader'));
    const answer = await isolate.post(LIST, as('reader', headers));
    expect(answer.wasForwarded).toBe(true);
    const direct = await startIsolate(objectOf(gateway), { clock: gateway.clock, maxAgeMs: 0 }).post(
      LIST,
      as('reader', headers),
    );
    expect(answer.status).toBe(direct.status);
  });

  test('sends other variables, another query, or the same in another way', async () => {
    const { gateway, isolate } = await start();
    const query = 'query ($id: ID!) { livestream(id: $id) { id status } }';
    const { liveLivestreamId, idleLivestreamId } = gateway.exampleIds;
    const live = await isolate.post(query, { ...as('reader'), variables: { id: liveLivestreamId } });
    const idle = await isolate.post(query, { ...as('reader'), variables: { id: idleLivestreamId } });
    expect([idle.wasForwarded, idle.text === live.text]).toEqual([true, false]);
    await isolate.get(LIST, as('reader').headers);
    expect((await isolate.get(`${LIST} `, as('reader').headers)).wasForwarded).toBe(true);
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(true);
    for (const method of ['HEAD', 'POST'])
      expect((await isolate.get(LIST, as('reader', { 'content-length': '0' }).headers, method)).wasForwarded).toBe(
        true,
      );
  });

  test('asks another object', async () => {
    const { gateway } = await start();
    const object = objectOf(gateway);
    const isolate = startIsolate(object, { clock: gateway.clock }, { other: object });
    await isolate.post(LIST, as('reader'));
    expect((await isolate.post(LIST, { ...as('reader'), name: 'other' })).wasForwarded).toBe(true);
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(false);
  });
});

describe('a change', () => {
  test('by a mutation that passed the isolate is seen at once', async () => {
    const { gateway, isolate } = await start();
    const before = await isolate.post(active(gateway), as('reader'));
    await isolate.post(startMutation(gateway, 'new'), as('writer'));
    const after = await isolate.post(active(gateway), as('reader'));
    expect(before.text).not.toContain('new');
    expect(after.text).toContain('new');
  });

  test('that a webhook reports is seen at once, if the webhook passed the isolate', async () => {
    const signing = createSigningKey();
    const keyUrl = 'https://keys.test/webhooks.json';
    const publicKey = await signing.publicPem();
    const { gateway, isolate } = await start(
      {},
      {
        intercept: (send) => async (request) =>
          request.url === keyUrl ? keyResponse({ success: true, data: { publicKey } }) : send(request),
        options: { webhookKeyUrl: keyUrl },
      },
    );
    const meetingId = gateway.exampleIds.idleMeetingId;
    await isolate.post(active(gateway), as('reader'));
    await gateway.rest(`/meetings/${meetingId}/livestreams`, { name: 'new' });
    expect((await isolate.post(active(gateway), as('reader'))).text).not.toContain('new');
    const event = { event: 'livestreaming.statusUpdate', streamId: 'x', status: 'LIVE', meeting: { id: meetingId } };
    const body = JSON.stringify(event);
    const signature = await signing.sign(new TextEncoder().encode(body));
    const headers = { 'rtk-uuid': crypto.randomUUID(), 'rtk-signature': signature };
    expect((await isolate.fetch(WEBHOOK_PATH, { method: 'POST', headers, body })).status).toBe(200);
    expect((await isolate.post(active(gateway), as('reader'))).text).toContain('new');
  });

  test('by a mutation that passed another isolate is seen within the maximum age, or as soon as any response shows it', async () => {
    const { gateway } = await start();
    const object = objectOf(gateway);
    const here = startIsolate(object, { clock: gateway.clock });
    const there = startIsolate(object, { clock: gateway.clock });
    await here.post(active(gateway), as('reader'));
    await there.post(startMutation(gateway, 'new'), as('writer'));
    expect((await here.post(active(gateway), as('reader'))).text).not.toContain('new');
    await here.post('{ __typename }', as('other'));
    expect((await here.post(active(gateway), as('reader'))).text).toContain('new');
  });

  test('by a request whose response is lost is seen at once', async () => {
    const { gateway } = await start();
    const object = objectOf(gateway);
    let isLost = false;
    const isolate = startIsolate(
      async (request) => {
        const response = await object(request);
        if (isLost) throw new Error('lost');
        return response;
      },
      { clock: gateway.clock },
    );
    await isolate.post(active(gateway), as('reader'));
    isLost = true;
    await expect(isolate.post(startMutation(gateway, 'new'), as('writer'))).rejects.toThrow('lost');
    isLost = false;
    expect((await isolate.post(active(gateway), as('reader'))).text).toContain('new');
  });

  test.each([
    ['the same object', false],
    ['an object that has started again since', true],
  ])('outdates a response of %s that arrives after the change was seen', async (_what, startsAgain) => {
    const { gateway } = await start();
    const [first, second] = [objectOf(gateway), objectOf(gateway)];
    const answered = Promise.withResolvers<void>();
    const delivered = Promise.withResolvers<void>();
    let isSlow = true;
    const isolate = startIsolate(
      async (request) => {
        if (!isSlow) return (startsAgain ? second : first)(request);
        const response = await first(request);
        answered.resolve();
        await delivered.promise;
        return response;
      },
      { clock: gateway.clock },
    );
    const slow = isolate.post(active(gateway), as('reader'));
    await answered.promise;
    isSlow = false;
    await isolate.post(startMutation(gateway, 'new'), as('writer'));
    await isolate.post(LIST, as('reader'));
    delivered.resolve();
    expect((await slow).text).not.toContain('new');
    expect((await isolate.post(active(gateway), as('reader'))).text).toContain('new');
    // What the same object sent after the change is not outdated by what it had sent before.
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(startsAgain);
  });

  test('of an object that started again is seen, though it counts from 0', async () => {
    const { gateway } = await start();
    const [first, second] = [objectOf(gateway), objectOf(gateway)];
    let object = first;
    const isolate = startIsolate((request) => object(request), { clock: gateway.clock });
    await isolate.post(LIST, as('reader'));
    object = second;
    await isolate.post('{ __typename }', as('reader'));
    expect((await isolate.post(LIST, as('reader'))).wasForwarded).toBe(true);
  });

  test('is reported to no client', async () => {
    const { gateway, isolate } = await start();
    for (const query of [LIST, LIST, startMutation(gateway), '{ __typename }'])
      expect((await isolate.post(query, as('writer'))).headers.has('x-gateway-changes')).toBe(false);
    expect((await isolate.fetch('/health')).headers.has('x-gateway-changes')).toBe(false);
  });
});

test('what a gateway makes itself counts as a change, and what it reads does not', async () => {
  const gateway = await startTestGateway();
  const isolate = startIsolate(objectOf(gateway), { clock: gateway.clock });
  await isolate.post(LIST);
  expect(gateway.server.changes()).toBe(0);
  await isolate.post(startMutation(gateway));
  expect(gateway.server.changes()).toBeGreaterThan(0);
});
