import { once } from 'node:events';
import { createServer } from 'node:http';

import { describe, expect, test } from 'vitest';

import { cleanUpAfterTest } from '../support/cleanup.ts';
import { startCdn } from '../support/cdn.ts';
import { PURGE_TOKEN, ZONE } from '../support/purgeServer.ts';

const PURGE_PATH = `/client/v4/zones/${ZONE}/purge_cache`;

/** A CDN in front of an origin whose body is the number of the request, and whose headers are those of the test. */
async function startCdnOver(headers: Record<string, string>) {
  let requests = 0;
  const held: (() => void)[] = [];
  let isHolding = false;
  const origin = createServer((_request, response) => {
    const number = (requests += 1);
    const respond = (): void => void response.writeHead(200, headers).end(String(number));
    if (isHolding) held.push(respond);
    else respond();
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const address = origin.address();
  if (typeof address !== 'object' || address === null) throw new Error('The origin listens on no port.');
  const cdn = await startCdn({
    gatewayOrigin: `http://127.0.0.1:${address.port}`,
    purge: { path: PURGE_PATH, authorization: `Bearer ${PURGE_TOKEN}` },
  });
  cleanUpAfterTest(async () => {
    await cdn.close();
    origin.close();
    origin.closeAllConnections();
  });
  return {
    cdn,
    requests: () => requests,
    hold: () => void (isHolding = true),
    release: () => {
      isHolding = false;
      for (const respond of held.splice(0)) respond();
    },
    held: () => held.length,
    get: async (sent: Record<string, string> = {}) => {
      const response = await fetch(`${cdn.origin}/graphql?query=a`, { headers: sent });
      return { body: await response.text(), headers: response.headers };
    },
    purge: async (tags: string[], token = PURGE_TOKEN) =>
      fetch(cdn.origin + PURGE_PATH, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ tags }),
      }),
  };
}

const STORABLE = { 'cache-control': 'public, max-age=60', 'cache-tag': 'livestream:1, meeting:a' };

describe('the CDN of the tests', () => {
  test('serves what a shared cache may store, without Cache-Tag, until a tag of it is purged', async () => {
    const { get, purge, requests } = await startCdnOver(STORABLE);
    const [first, second] = [await get(), await get()];
    expect([first.body, second.body]).toEqual(['1', '1']);
    expect([first.headers.get('x-cache'), second.headers.get('x-cache')]).toEqual(['MISS', 'HIT']);
    expect(second.headers.has('cache-tag')).toBe(false);
    await purge(['livestream:2']);
    expect((await get()).body).toBe('1');
    await purge(['Meeting:A']);
    expect((await get()).body).toBe('2');
    expect(requests()).toBe(2);
  });

  test.each([
    ['private, max-age=60'],
    ['no-store'],
    ['public, no-cache, max-age=60'],
    ['public, max-age=0'],
    ['max-age=60, s-maxage=0'],
  ])('does not store a response with Cache-Control: %s', async (cacheControl) => {
    const { get } = await startCdnOver({ ...STORABLE, 'cache-control': cacheControl });
    expect([(await get()).body, (await get()).body]).toEqual(['1', '2']);
  });

  test('stores a response to a request with a credential only if that is allowed, and by the headers that it varies on', async () => {
    const plain = await startCdnOver({ ...STORABLE, 'cache-control': 'max-age=60' });
    const credential = { authorization: 'Bearer a' };
    expect([(await plain.get(credential)).body, (await plain.get(credential)).body]).toEqual(['1', '2']);
    const varying = await startCdnOver({ ...STORABLE, vary: 'Accept, X-Api-Key' });
    await varying.get({ 'x-api-key': 'a' });
    expect((await varying.get({ 'x-api-key': 'b' })).body).toBe('2');
    expect((await varying.get({ 'x-api-key': 'b' })).body).toBe('2');
  });

  test('does not store a response whose tag was purged while it was on its way', async () => {
    const { get, purge, hold, release, held } = await startCdnOver(STORABLE);
    hold();
    const first = get();
    await expect.poll(held).toBe(1);
    await purge(['livestream:1']);
    release();
    expect((await first).body).toBe('1');
    expect((await get()).body).toBe('2');
  });

  test('sends one request for concurrent ones', async () => {
    const { get, hold, release, held } = await startCdnOver(STORABLE);
    hold();
    const all = Promise.all([get(), get(), get()]);
    await expect.poll(held).toBe(1);
    release();
    expect((await all).map(({ body }) => body)).toEqual(['1', '1', '1']);
  });

  test('rejects a purge with another token', async () => {
    const { get, purge } = await startCdnOver(STORABLE);
    await get();
    expect((await purge(['livestream:1'], 'wrong')).status).toBe(403);
    expect((await get()).body).toBe('1');
  });
});
