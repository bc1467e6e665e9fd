import { Client } from '@urql/core';
import { describe, expect, test } from 'vitest';

import { startTestGateway } from '../../support/gateway.ts';
import { serveGateway } from '../../support/servedGateway.ts';
import { exchanges } from './persistedQueries.ts';

describe("urql's persistedExchange", () => {
  test('sends the text of a document once, and then only its hash', async () => {
    const { url } = await serveGateway(await startTestGateway());
    const sent: string[] = [];
    const recordingFetch: typeof fetch = async (target, init) => {
      const request = new Request(target, init);
      const contents = decodeURIComponent(request.url) + (await request.clone().text());
      const parts = { text: /query[ +]Total/.test(contents), hash: /"[0-9a-f]{64}"/.test(contents) };
      sent.push(`${request.method} text: ${parts.text}, hash: ${parts.hash}`);
      return fetch(request);
    };
    const client = new Client({ url, exchanges, fetch: recordingFetch, requestPolicy: 'network-only' });
    for (let run = 0; run < 3; run += 1) {
      const { data } = await client.query('query Total { livestreams(first: 1) { totalCount } }', {});
      expect(data).toMatchObject({ livestreams: { totalCount: 320 } });
    }
    const hashAlone = 'GET text: false, hash: true';
    expect(sent).toEqual([hashAlone, 'GET text: true, hash: true', hashAlone, hashAlone]);
  });
});
