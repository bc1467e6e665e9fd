import { gunzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { startTestGateway } from '../support/gateway.ts';

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8';

type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;

/** The URLs that the page of GraphiQL loads, its workers among them, relative to its own. */
async function assetUrls(gateway: TestGateway): Promise<string[]> {
  const { text } = await gateway.fetch('/graphql', { headers: { accept: HTML } });
  return Array.from(text.matchAll(/"(\?asset=[^"]+)"/g), ([, url = '']) => url.replace('&amp;', '&'));
}

describe('GraphiQL', () => {
  test('is served to browsers, and fits the screen of a phone', async () => {
    const gateway = await startTestGateway();
    const { status, headers, text } = await gateway.fetch('/graphql', { headers: { accept: HTML } });
    expect([status, headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/html']);
    expect(text).toContain('GraphiQL');
    expect(text).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  });

  test('is not served when it is off: neither its page nor its scripts and styles', async () => {
    const urls = await assetUrls(await startTestGateway());
    expect(urls).toHaveLength(7);
    const gateway = await startTestGateway({ options: { graphiql: false } });
    for (const url of ['', ...urls]) {
      const { status, text } = await gateway.fetch(`/graphql${url}`, { headers: { accept: HTML } });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toMatch(/graphiql/i);
    }
  });

  test('has scripts and styles that browsers and proxies keep for a year, since a new version has a new URL', async () => {
    const gateway = await startTestGateway();
    for (const url of await assetUrls(gateway)) {
      const { status, headers } = await gateway.fetch(`/graphql${url}`);
      expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
      expect([headers.get('vary'), headers.get('x-content-type-options')]).toEqual(['accept-encoding', 'nosniff']);
      expect(headers.get('content-type')).toMatch(url.includes('.css') ? /^text\/css/ : /^text\/javascript/);
    }
  });

  test('compresses its scripts and styles for clients that accept that, and serves them to others as well', async () => {
    const gateway = await startTestGateway();
    for (const url of await assetUrls(gateway)) {
      const headers = { 'accept-encoding': 'br;q=1.0, gzip;q=0.8' };
      const compressed = await gateway.server.fetch(`http://gateway.test/graphql${url}`, { headers });
      expect(compressed.headers.get('content-encoding')).toBe('gzip');
      const plain = await gateway.fetch(`/graphql${url}`, { headers: { 'accept-encoding': 'gzip;q=0, *' } });
      expect(plain.headers.get('content-encoding')).toBeNull();
      expect(gunzipSync(await compressed.arrayBuffer()).toString()).toBe(plain.text);
    }
  });

  test.each(['the page', 'a script'])('answers 304 when the browser has %s already', async (kind) => {
    const gateway = await startTestGateway();
    const url = kind === 'the page' ? '' : (await assetUrls(gateway)).find((each) => each.includes('.js'));
    const accept = { accept: HTML };
    const { headers } = await gateway.fetch(`/graphql${url}`, { headers: accept });
    const etag = headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"[\da-f]{16}"$/);
    const revalidate = async (tags: string) =>
      gateway.fetch(`/graphql${url}`, { headers: { ...accept, 'if-none-match': tags } });
    const again = await revalidate(`"other", ${etag}`);
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    expect(again.headers.get('cache-control')).toBe(headers.get('cache-control'));
    expect((await revalidate('"other"')).status).toBe(200);
  });

  test('serves its script to a page of another version, without letting caches keep it, and no unknown file', async () => {
    const gateway = await startTestGateway();
    const other = await gateway.fetch('/graphql?asset=page.js&v=0000000000000000');
    expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'max-age=0, must-revalidate']);
    for (const name of ['nothing.js', 'toString', '../package.json', ''])
      expect((await gateway.fetch(`/graphql?${new URLSearchParams({ asset: name })}`)).status).toBe(404);
  });

  test('reports no rejected operation for an unknown file', async () => {
    const gateway = await startTestGateway();
    expect((await gateway.fetch('/graphql?asset=nothing.js')).status).toBe(404);
    expect(gateway.operationLogs).toEqual([]);
    // An operation by GET that lacks a query is reported.
    expect((await gateway.fetch('/graphql')).status).toBe(400);
    expect(gateway.operationLogs).toHaveLength(1);
  });

  test('leaves operations by GET alone, even if they contain the name of the parameter of its files', async () => {
    const gateway = await startTestGateway();
    const query = '{ livestream(id: "x") { asset: __typename } } #asset=page.js';
    const { status, text } = await gateway.fetch(`/graphql?${new URLSearchParams({ query })}`);
    expect([status, text]).toEqual([200, expect.stringContaining('"data"')]);
  });
});
