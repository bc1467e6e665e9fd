import { describe, expect, test } from 'vitest';

import { type TestResponse, startTestGateway, type TestGateway } from '../support/gateway.ts';

const startMutation = (gateway: TestGateway): string =>
  `mutation { startLivestream(input: { meetingId: "${gateway.exampleIds.emptyMeetingId}" }) { userErrors { code } } }`;
const START_REQUEST = 'POST /meetings/{meeting_id}/livestreams';

const hasStarted = (gateway: TestGateway): boolean =>
  gateway.upstreamRequests().some((call) => call.startsWith('POST '));

/** Sends a start with this content type, as a web page could. The body is bytes, so that `fetch` adds no type of its own. */
async function post(
  gateway: TestGateway,
  type: string | null,
  headers: Record<string, string> = {},
): Promise<TestResponse> {
  const query = startMutation(gateway);
  const isForm = type?.toLowerCase().includes('urlencoded') ?? false;
  const body = isForm ? new URLSearchParams({ query }).toString() : JSON.stringify({ query });
  return gateway.fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/json', ...(type !== null && { 'content-type': type }), ...headers },
    body: new TextEncoder().encode(body),
  });
}

describe('a cross-site request that needs no CORS preflight starts no livestream', () => {
  test.each([
    null,
    '',
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-8',
    'Application/X-WWW-Form-Urlencoded',
    'text/plain ; charset=utf-8',
    'multipart/form-data; boundary=x',
    'text/plain',
    'TEXT/Plain;charset=UTF-8',
    'text/plain\t; a=b',
    'text/plain; a=application/json',
    'text/plain, application/json',
    'text/plain;,application/json',
    ', application/json',
    ';application/json',
  ])('rejects a POST with content type %j', async (type) => {
    const gateway = await startTestGateway();
    const { status, errors, data } = await post(gateway, type);
    expect([status, data, hasStarted(gateway)]).toEqual([415, null, false]);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST', retryable: false } }]);
    expect(errors[0]?.message).toContain('content-type: application/json');
  });

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('rejects a mutation sent by %s', async (method) => {
    const gateway = await startTestGateway();
    const path = `/graphql?query=${encodeURIComponent(startMutation(gateway))}`;
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'x-http-method-override': 'POST',
    };
    const { status, data } = await gateway.fetch(path, { method, headers });
    expect([status, data, gateway.upstreamRequests()]).toEqual([405, null, []]);
  });

  test('rejects a mutation sent by GET when a query precedes it and its fields are in a fragment', async () => {
    const gateway = await startTestGateway();
    const text = `query Q { __typename } mutation M { ...F } fragment F on Mutation ${startMutation(gateway).replace('mutation', '')}`;
    const get = async (name: string) =>
      gateway.fetch(`/graphql?operationName=${name}&query=${encodeURIComponent(text)}`, {
        headers: { accept: 'application/json' },
      });
    expect((await get('M')).status).toBe(405);
    expect((await get('Q')).data).toEqual({ __typename: 'Query' });
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('rejects a POST that carries the mutation in its URL', async () => {
    const gateway = await startTestGateway();
    const path = `/graphql?query=${encodeURIComponent(startMutation(gateway))}`;
    const plain = await gateway.fetch(path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' });
    const json = await gateway.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect([plain.status, json.status, gateway.upstreamRequests()]).toEqual([415, 400, []]);
  });
});

describe('a request that needs a CORS preflight starts a livestream', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset=UTF-8'])(
    'accepts a POST with content type %s',
    async (type) => {
      const gateway = await startTestGateway();
      expect((await post(gateway, type)).data).toEqual({ startLivestream: { userErrors: [] } });
      expect(gateway.upstreamRequests()).toContain(START_REQUEST);
    },
  );

  test.each(['graphql-require-preflight', 'apollo-require-preflight', 'x-apollo-operation-name'])(
    'accepts a form with the header %s',
    async (name) => {
      const gateway = await startTestGateway();
      const { data } = await post(gateway, 'application/x-www-form-urlencoded', { [name]: '' });
      expect(data).toEqual({ startLivestream: { userErrors: [] } });
    },
  );

  test('accepts a content type in any letter case', async () => {
    const gateway = await startTestGateway();
    expect((await post(gateway, 'Application/JSON')).data).toEqual({ startLivestream: { userErrors: [] } });
  });
});

test('pages of other sites cannot frame GraphiQL, to make its visitors run a mutation', async () => {
  const gateway = await startTestGateway();
  const { status, headers } = await gateway.fetch('/graphql', { headers: { accept: 'text/html' } });
  expect(status).toBe(200);
  expect(headers.get('content-security-policy')?.split('; ')).toContain("frame-ancestors 'none'");
});

test('GraphiQL runs no script that is not a file of the gateway', async () => {
  const gateway = await startTestGateway();
  const { headers, text } = await gateway.fetch('/graphql', { headers: { accept: 'text/html' } });
  const policy = headers.get('content-security-policy')?.split('; ');
  expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "worker-src 'self'"]));
  expect(text).toContain('<script');
  expect(text).not.toMatch(/<script(?![^>]*( src="\?| type="application\/json"))/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test.each([
  ['cross-site', 403],
  ['same-site', 403],
  ['same-origin', 200],
  ['none', 200],
])('a request that a browser marks as %s gets %i', async (site, status) => {
  const gateway = await startTestGateway();
  const headers = { accept: 'application/json', 'sec-fetch-site': site };
  expect((await gateway.fetch('/graphql?query={__typename}', { headers })).status).toBe(status);
});

describe('CORS', () => {
  const ALLOWED = 'https://app.example.com';
  const OTHER_ORIGINS = [
    'https://evil.example',
    'null',
    `${ALLOWED}.evil.example`,
    'http://app.example.com',
    'https://app.example.com:444',
    'https://evil.example/?https://app.example.com',
    ALLOWED.toUpperCase(),
  ];

  const corsOf = ({ headers }: TestResponse): [string, string][] =>
    [...headers].filter(([name]) => name.startsWith('access-control-'));

  async function sendFrom(
    gateway: TestGateway,
    origin: string,
  ): Promise<{ preflight: TestResponse; success: TestResponse; failure: TestResponse }> {
    const headers = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization',
    };
    const preflight = await gateway.fetch('/graphql', { method: 'OPTIONS', headers });
    const success = await gateway.send({ query: '{ __typename }' }, { headers: { origin } });
    const failure = await gateway.send({ query: '{' }, { headers: { origin } });
    return { preflight, success, failure };
  }

  test.each([ALLOWED, ...OTHER_ORIGINS])('sends no CORS headers by default, given the origin %s', async (origin) => {
    const gateway = await startTestGateway();
    const { preflight, success, failure } = await sendFrom(gateway, origin);
    expect([preflight, success, failure].flatMap(corsOf)).toEqual([]);
    expect(preflight.status).toBe(405);
  });

  test('allows a listed origin to read responses, without credentials', async () => {
    const gateway = await startTestGateway({ options: { corsOrigins: ['https://first.example', ALLOWED] } });
    const { preflight, success, failure } = await sendFrom(gateway, ALLOWED);
    for (const { headers } of [preflight, success, failure]) {
      expect(headers.get('access-control-allow-origin')).toBe(ALLOWED);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('access-control-expose-headers')).toBe('x-request-id');
      expect(headers.get('vary')).toContain('Origin');
    }
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST');
  });

  test('allows any one label in place of the first one if "*" stands for it', async () => {
    const gateway = await startTestGateway({ options: { corsOrigins: ['https://*.example.com'] } });
    const allowedOrigin = async (origin: string) =>
      (await gateway.send({ query: '{ __typename }' }, { headers: { origin } })).headers.get(
        'access-control-allow-origin',
      );
    expect(await allowedOrigin('https://app.example.com')).toBe('https://app.example.com');
    const others = [
      'https://example.com',
      'https://a.b.example.com',
      'https://.example.com',
      'https://x@a.example.com',
    ];
    for (const origin of [...others, ...OTHER_ORIGINS])
      expect([origin, await allowedOrigin(origin)]).toEqual([origin, null]);
  });

  test.each(OTHER_ORIGINS)('sends no CORS headers to the unlisted origin %s', async (origin) => {
    const gateway = await startTestGateway({ options: { corsOrigins: ['https://first.example', ALLOWED] } });
    const { preflight, success, failure } = await sendFrom(gateway, origin);
    expect([preflight, success, failure].flatMap(corsOf)).toEqual([]);
  });

  test.each(['/metrics', '/ready', '/health', '/'])('lets pages of no origin read %s', async (path) => {
    const gateway = await startTestGateway({ options: { corsOrigins: ['*'] } });
    expect(corsOf(await gateway.fetch(path, { headers: { origin: ALLOWED } }))).toEqual([]);
  });

  test('sends no CORS headers to a request without an origin', async () => {
    const gateway = await startTestGateway({ options: { corsOrigins: [ALLOWED] } });
    expect(corsOf(await gateway.send({ query: '{ __typename }' }))).toEqual([]);
  });

  test.each(['https://any.example', ALLOWED])(
    'allows every origin to read responses if "*" is listed, without credentials: %s',
    async (origin) => {
      const gateway = await startTestGateway({ options: { corsOrigins: ['*'] } });
      const { preflight, success } = await sendFrom(gateway, origin);
      for (const { headers } of [preflight, success]) {
        expect(['*', origin]).toContain(headers.get('access-control-allow-origin'));
        expect(headers.get('access-control-allow-credentials')).toBeNull();
      }
    },
  );
});

describe('the host check of a gateway that serves this machine only', () => {
  const query = `/graphql?query=${encodeURIComponent('{ __typename }')}`;
  const fetchFrom = async (host: string | null, path = query, localOnly = true): Promise<TestResponse> => {
    const gateway = await startTestGateway({ options: { localOnly } });
    const response = await gateway.fetch(path, {
      headers: { accept: 'application/json', ...(host !== null && { host }) },
    });
    expect(gateway.upstreamRequests()).toEqual([]);
    return response;
  };

  test.each([
    'localhost',
    'localhost:4000',
    'LocalHost:80',
    '127.0.0.1',
    '127.0.0.1:4000',
    '127.8.9.10:1',
    '[::1]',
    '[::1]:4000',
  ])('accepts the local host %s', async (host) => {
    expect((await fetchFrom(host)).data).toEqual({ __typename: 'Query' });
  });

  test.each([
    'evil.example',
    'evil.example:4000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-127.0.0.1',
    'evil.localhost',
    'localhost@evil.example',
    'localhost:80@evil.example',
    'localhost, evil.example',
    'evil.example, localhost',
    '127.0.0.1:4000:1',
    '0.0.0.0',
    '192.168.0.2',
    '[::]',
    '[::2]',
    '[::1].evil.example',
    null,
  ])('rejects the host %j with 421 on every path', async (host) => {
    for (const path of [query, '/', '/graphql', '/nothing']) {
      const { status, text, data } = await fetchFrom(host, path);
      expect([status, data]).toEqual([421, null]);
      expect(text).toContain('localhost');
    }
  });

  test('accepts every host if localOnly is off', async () => {
    expect((await fetchFrom('evil.example', query, false)).data).toEqual({ __typename: 'Query' });
  });
});
