import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { at, nonNull, startTestGateway, type TestResponse } from '../support/gateway.ts';
import { runs } from '../support/runs.ts';
import { serveGateway } from '../support/servedGateway.ts';

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';
const STREAM_TYPE = 'text/event-stream';
const MULTIPART_TYPE = 'multipart/mixed;subscriptionspec=1.0';

const QUERY = { query: '{ __typename }' };
const SUBSCRIPTION = { query: 'subscription { livestreamUpdated { id } }' };

const typeOf = ({ headers }: { headers: Headers }): string => (headers.get('content-type') ?? '').split(';')[0] ?? '';

/** The error of a response that was rejected with 406. */
function messageOf({ status, headers, errors }: TestResponse): string {
  expect([status, headers.get('content-type'), errors.length]).toEqual([406, 'application/json; charset=utf-8', 1]);
  expect(errors[0]?.extensions).toEqual({ code: 'BAD_REQUEST', retryable: false });
  return errors[0]?.message ?? '';
}

describe('a query', () => {
  test.each([
    ['', JSON_TYPE],
    [',', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['text/plain, */*;q=0.1', JSON_TYPE],
    ['APPLICATION/JSON', JSON_TYPE],
    ['application/json;charset=utf-8', JSON_TYPE],
    ['application/json; charset="UTF-8"', JSON_TYPE],
    ['application/json ; profile="a,b;q=0" ; q=0.5', JSON_TYPE],
    ['application/json;q=high', JSON_TYPE],
    [`${RESPONSE_TYPE}, ${JSON_TYPE}`, RESPONSE_TYPE],
    [`${JSON_TYPE}, ${RESPONSE_TYPE}`, JSON_TYPE],
    [`${RESPONSE_TYPE};q=0.1, ${JSON_TYPE}`, JSON_TYPE],
    [`${RESPONSE_TYPE};q=0, ${JSON_TYPE};q=0.001`, JSON_TYPE],
    [`${RESPONSE_TYPE};Q=0, */*`, JSON_TYPE],
    [`${JSON_TYPE};q=0, */*;q=0.5`, RESPONSE_TYPE],
    [`*/*, ${JSON_TYPE};q=0.2`, RESPONSE_TYPE],
    [`${RESPONSE_TYPE};q=0, application/*, */*`, JSON_TYPE],
    [`${STREAM_TYPE}, ${JSON_TYPE}`, JSON_TYPE],
    [`${STREAM_TYPE}, ${JSON_TYPE};q=0.9`, STREAM_TYPE],
    [`${JSON_TYPE};q=0, ${RESPONSE_TYPE};q=0, */*`, STREAM_TYPE],
    [MULTIPART_TYPE, 'multipart/mixed'],
    // Apollo Client and urql
    [`${RESPONSE_TYPE},${JSON_TYPE};q=0.9`, RESPONSE_TYPE],
    [`${RESPONSE_TYPE}, application/graphql+json, ${JSON_TYPE}, ${STREAM_TYPE}, multipart/mixed`, RESPONSE_TYPE],
  ])('with "accept: %s" gets %s', async (accept, type) => {
    const gateway = await startTestGateway();
    const response = await gateway.send(QUERY, { headers: { accept } });
    expect([response.status, typeOf(response)]).toEqual([200, type]);
    expect(response.text).toContain('{"data":{"__typename":"Query"}}');
  });

  test('gets the type of the highest quality in several Accept headers', async () => {
    const { url } = await serveGateway(await startTestGateway());
    const headers = new Headers({ 'content-type': JSON_TYPE, accept: `${JSON_TYPE};q=0.3` });
    headers.append('accept', `${RESPONSE_TYPE};q=0.4`);
    expect(typeOf(await fetch(url, { method: 'POST', headers, body: JSON.stringify(QUERY) }))).toBe(RESPONSE_TYPE);
  });

  test.each(['text/plain', 'image/*', 'application/json; charset=latin1', `${JSON_TYPE};q=0`, '*/*;q=0', '/', '%'])(
    'with "accept: %s" gets 406 and the types to accept',
    async (accept) => {
      const gateway = await startTestGateway();
      const message = messageOf(await gateway.send(QUERY, { headers: { accept } }));
      expect(message).toBe(
        `Send "accept: ${RESPONSE_TYPE}" or "accept: ${JSON_TYPE}"; to subscribe, "accept: text/event-stream".`,
      );
    },
  );

  const qualities = fc.constantFrom('0', '0.000', '0.1', '0.25', '0.9', '1', '1.000');
  const served = [JSON_TYPE, RESPONSE_TYPE, STREAM_TYPE, MULTIPART_TYPE];
  const names = [...served, 'text/html', 'image/png', 'application/xml'];

  test('gets the type of the highest quality, whatever else it accepts, and never one of quality 0', async () => {
    const gateway = await startTestGateway();
    const ranges = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), quality: qualities }), {
      selector: ({ name }) => name,
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(ranges, fc.constantFrom(',', ', ', ' ,\t'), async (given, comma) => {
        const accept = given.map(({ name, quality }) => `${name};q=${quality}`).join(comma);
        const response = await gateway.send(QUERY, { headers: { accept } });
        const wanted = given.filter(({ name, quality }) => served.includes(name) && Number(quality) > 0);
        const highest = Math.max(...wanted.map(({ quality }) => Number(quality)));
        const best = wanted.filter(({ quality }) => Number(quality) === highest).map(({ name }) => name.split(';')[0]);
        if (best.length === 0) return void messageOf(response);
        expect(response.status).toBe(200);
        expect(best).toContain(typeOf(response));
        return undefined;
      }),
      { numRuns: runs(100) },
    );
  });

  test('gets 200 or 406, whatever text the header contains', async () => {
    const gateway = await startTestGateway();
    const parts = fc.constantFrom(
      ...names,
      '*/*',
      'text/*',
      ';',
      ',',
      '"',
      '\\',
      '=',
      'q',
      '0',
      'charset',
      ' ',
      '%',
      'é',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 30 }), async (texts) => {
        const { status } = await gateway.send(QUERY, { headers: { accept: texts.join('') } });
        expect([200, 406]).toContain(status);
        expect(gateway.logs).toEqual([]);
      }),
      { numRuns: runs(100) },
    );
  });
});

test('a mutation whose result the client does not accept is not executed', async () => {
  const gateway = await startTestGateway();
  const query = `mutation { startLivestream(input: { meetingId: "${gateway.exampleIds.idleMeetingId}" }) { livestream { id } } }`;
  messageOf(await gateway.send({ query }, { headers: { accept: 'text/plain' } }));
  expect(gateway.upstreamRequests()).toEqual([]);
});

describe('a subscription', () => {
  /** The media type of a subscription's stream. The subscription ends. */
  async function streamType(accept: string): Promise<string> {
    const gateway = await startTestGateway();
    const headers = { 'content-type': JSON_TYPE, accept };
    const body = JSON.stringify(SUBSCRIPTION);
    const response = await gateway.server.fetch('http://gateway.test/graphql', { method: 'POST', headers, body });
    await nonNull(response.body).cancel();
    return typeOf(response);
  }

  test.each([
    [STREAM_TYPE, STREAM_TYPE],
    ['*/*', STREAM_TYPE],
    [`${JSON_TYPE}, ${STREAM_TYPE};q=0.1`, STREAM_TYPE],
    [MULTIPART_TYPE, 'multipart/mixed'],
    ['multipart/mixed;boundary="graphql";subscriptionSpec="1.0"', 'multipart/mixed'],
    [`${STREAM_TYPE};q=0.5, ${MULTIPART_TYPE};q=0.6`, 'multipart/mixed'],
    [`${STREAM_TYPE};q=0, */*, ${MULTIPART_TYPE}`, 'multipart/mixed'],
    [`${RESPONSE_TYPE}, ${JSON_TYPE}, ${STREAM_TYPE}, multipart/mixed`, STREAM_TYPE],
  ])('with "accept: %s" gets %s', async (accept, type) => {
    expect(await streamType(accept)).toBe(type);
  });

  test.each([
    JSON_TYPE,
    `${RESPONSE_TYPE}, ${JSON_TYPE}`,
    `${JSON_TYPE}, multipart/mixed`,
    `${JSON_TYPE}, ${STREAM_TYPE};q=0`,
  ])('with "accept: %s" gets 406 and the types to accept, and is not started', async (accept) => {
    const gateway = await startTestGateway();
    const response = await gateway.send(SUBSCRIPTION, { headers: { accept } });
    expect([response.status, gateway.server.subscriptionCount()]).toEqual([406, 0]);
    expect(at(JSON.parse(response.text), 'errors', 0, 'message')).toBe(
      'Subscribe with "accept: text/event-stream" or "accept: multipart/mixed;subscriptionSpec=1.0", or over a WebSocket.',
    );
  });
});

test.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
  ['text/html, application/json', 'text/html'],
  ['application/json, text/html;q=0.9', JSON_TYPE],
  ['application/json, text/html;q=0', JSON_TYPE],
])('a query by GET with "accept: %s" gets %s', async (accept, type) => {
  const gateway = await startTestGateway();
  expect(typeOf(await gateway.fetch('/graphql?query={__typename}', { headers: { accept } }))).toBe(type);
});
