import { describe, expect, test } from 'vitest';

import { apolloRouterEndpoint } from '../../src/purge/apolloRouter.ts';
import { cloudflareEndpoint } from '../../src/purge/cloudflare.ts';
import { CLOUDFLARE, response, ROUTER } from './purgeWorld.ts';

const TAGS = ['livestream:1', 'meeting:a'];

describe("Cloudflare's purge by tag", () => {
  const endpoint = cloudflareEndpoint(CLOUDFLARE);

  test('is a POST to the zone with the token and the tags', () => {
    expect(endpoint.createRequest(TAGS)).toEqual({
      url: `https://api.cloudflare.test/client/v4/zones/${CLOUDFLARE.zoneId}/purge_cache`,
      headers: {
        authorization: `Bearer ${CLOUDFLARE.token}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: '{"tags":["livestream:1","meeting:a"]}',
    });
  });

  test('has at most 100 tags, the limit of every plan', () => {
    expect(endpoint.maxTags).toBe(100);
  });

  test.each([
    [200, '{"success":true,"errors":[],"messages":[],"result":{"id":"abc"}}', null],
    [
      200,
      '{"success":false,"errors":[{"code":1134,"message":"m"}]}',
      "the response does not confirm the purge, with Cloudflare's code 1134",
    ],
    [
      403,
      '{"success":false,"errors":[{"code":10000,"message":"m"}]}',
      "the status of the response is 403, with Cloudflare's code 10000",
    ],
    [429, '{"success":false,"errors":[{"code":"971"}]}', 'the status of the response is 429'],
    [502, '<html></html>', 'the status of the response is 502'],
    [500, '{"success":true}', 'the status of the response is 500'],
    [200, '', 'the response does not confirm the purge'],
    [200, '[null]', 'the response does not confirm the purge'],
    [301, '', 'the status of the response is 301'],
  ])('with the response %i %s fails as: %s', (status, body, failure) => {
    expect(endpoint.failureOf(response(status, body))).toBe(failure);
  });
});

describe("Apollo Router's invalidation endpoint", () => {
  const endpoint = apolloRouterEndpoint(ROUTER);

  test('gets a POST with the shared key, and an invalidation of each tag in this subgraph', () => {
    expect(endpoint.createRequest(TAGS)).toEqual({
      url: ROUTER.url,
      headers: { authorization: ROUTER.key, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify([
        { kind: 'cache_tag', subgraphs: ['livestreams'], cache_tag: 'livestream:1' },
        { kind: 'cache_tag', subgraphs: ['livestreams'], cache_tag: 'meeting:a' },
      ]),
    });
  });

  test.each([
    [202, '{"count":2}', null],
    [202, '{"count":0}', null],
    [401, '{"errors":[{"message":"Invalid authorization header"}]}', 'the status of the response is 401'],
    [400, '{"errors":[{"message":"caching database error"}]}', 'the status of the response is 400'],
  ])('with the response %i %s fails as: %s', (status, body, failure) => {
    expect(endpoint.failureOf(response(status, body))).toBe(failure);
  });
});
