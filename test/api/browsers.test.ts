import { describe, expect, test } from 'vitest';

import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.ts';

const start = (gateway: TestGateway): string =>
  `mutation { startLivestream(input: { meetingId: "${gateway.samples.emptyMeetingId}" }) { userErrors { code } } }`;
const STARTED = 'POST /meetings/{meeting_id}/livestreams';

const started = (gateway: TestGateway): boolean => gateway.upstream().some((call) => call.startsWith('POST '));

/** A POST as a page sends it; without a type, the body says none either. */
async function post(gateway: TestGateway, type: string | null, headers: Record<string, string> = {}): Promise<Answer> {
  const query = start(gateway);
  const isForm = type?.toLowerCase().includes('urlencoded') ?? false;
  const body = isForm ? new URLSearchParams({ query }).toString() : JSON.stringify({ query });
  return gateway.fetch('/graphql', {
    method: 'POST',
    headers: { accept: 'application/json', ...(type !== null && { 'content-type': type }), ...headers },
    body: new TextEncoder().encode(body),
  });
}

describe('a page of another site starts no livestream', () => {
  test.each([
    null,
    '',
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-8',
    'Application/X-WWW-Form-Urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'TEXT/Plain;charset=UTF-8',
    'text/plain\t; a=b',
    'text/plain; a=application/json',
    'text/plain, application/json',
    'text/plain;,application/json',
    ', application/json',
    ';application/json',
  ])('by a POST of the type %j', async (type) => {
    const gateway = await startTestGateway();
    const { status, errors, data } = await post(gateway, type);
    expect([status, data, started(gateway)]).toEqual([415, null, false]);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST', retryable: false } }]);
    expect(errors[0]?.message).toContain('content-type: application/json');
  });

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('by %s', async (method) => {
    const gateway = await startTestGateway();
    const path = `/graphql?query=${encodeURIComponent(start(gateway))}`;
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'x-http-method-override': 'POST',
    };
    const { status, data } = await gateway.fetch(path, { method, headers });
    expect([status, data, gateway.upstream()]).toEqual([405, null, []]);
  });

  test('by a GET that names an operation beside a query, or hides it in a fragment', async () => {
    const gateway = await startTestGateway();
    const text = `query Q { __typename } mutation M { ...F } fragment F on Mutation ${start(gateway).replace('mutation', '')}`;
    const get = async (name: string) =>
      gateway.fetch(`/graphql?operationName=${name}&query=${encodeURIComponent(text)}`, {
        headers: { accept: 'application/json' },
      });
    expect((await get('M')).status).toBe(405);
    expect((await get('Q')).data).toEqual({ __typename: 'Query' });
    expect(gateway.upstream()).toEqual([]);
  });

  test('by a POST whose operation stands in its URL', async () => {
    const gateway = await startTestGateway();
    const path = `/graphql?query=${encodeURIComponent(start(gateway))}`;
    const plain = await gateway.fetch(path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' });
    const json = await gateway.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect([plain.status, json.status, gateway.upstream()]).toEqual([415, 400, []]);
  });
});

describe('who a browser would have asked first starts one', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset=UTF-8'])(
    'by a POST of the type %s',
    async (type) => {
      const gateway = await startTestGateway();
      expect((await post(gateway, type)).data).toEqual({ startLivestream: { userErrors: [] } });
      expect(gateway.upstream()).toContain(STARTED);
    },
  );

  test.each(['graphql-require-preflight', 'apollo-require-preflight', 'x-apollo-operation-name'])(
    'by a form with the header %s',
    async (name) => {
      const gateway = await startTestGateway();
      const { data } = await post(gateway, 'application/x-www-form-urlencoded', { [name]: '' });
      expect(data).toEqual({ startLivestream: { userErrors: [] } });
    },
  );

  test('whatever the case of the type', async () => {
    const gateway = await startTestGateway();
    expect((await post(gateway, 'Application/JSON')).data).toEqual({ startLivestream: { userErrors: [] } });
  });
});

describe('pages of other sites', () => {
  const LISTED = 'https://app.example.com';
  const STRANGERS = [
    'https://evil.example',
    'null',
    `${LISTED}.evil.example`,
    'http://app.example.com',
    'https://app.example.com:444',
    'https://evil.example/?https://app.example.com',
    LISTED.toUpperCase(),
  ];

  const corsOf = ({ headers }: Answer): [string, string][] =>
    [...headers].filter(([name]) => name.startsWith('access-control-'));

  async function ask(
    gateway: TestGateway,
    origin: string,
  ): Promise<{ preflight: Answer; answer: Answer; refusal: Answer }> {
    const asked = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization',
    };
    const preflight = await gateway.fetch('/graphql', { method: 'OPTIONS', headers: asked });
    const answer = await gateway.send({ query: '{ __typename }' }, { headers: { origin } });
    const refusal = await gateway.send({ query: '{' }, { headers: { origin } });
    return { preflight, answer, refusal };
  }

  test.each([LISTED, ...STRANGERS])('read nothing by default: %s', async (origin) => {
    const gateway = await startTestGateway();
    const { preflight, answer, refusal } = await ask(gateway, origin);
    expect([preflight, answer, refusal].flatMap(corsOf)).toEqual([]);
    expect(preflight.status).toBe(405);
  });

  test('read everything where they are listed', async () => {
    const gateway = await startTestGateway({ options: { corsOrigins: ['https://first.example', LISTED] } });
    const { preflight, answer, refusal } = await ask(gateway, LISTED);
    for (const { headers } of [preflight, answer, refusal]) {
      expect(headers.get('access-control-allow-origin')).toBe(LISTED);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('access-control-expose-headers')).toBe('x-request-id');
      expect(headers.get('vary')).toContain('Origin');
    }
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST');
  });

  test.each(STRANGERS)('read nothing where others are listed: %s', async (origin) => {
    const gateway = await startTestGateway({ options: { corsOrigins: ['https://first.example', LISTED] } });
    const { preflight, answer, refusal } = await ask(gateway, origin);
    expect([preflight, answer, refusal].flatMap(corsOf)).toEqual([]);
  });

  test('read nothing of one listed origin where they have none', async () => {
    const gateway = await startTestGateway({ options: { corsOrigins: [LISTED] } });
    expect(corsOf(await gateway.send({ query: '{ __typename }' }))).toEqual([]);
  });

  test.each(['https://any.example', LISTED])(
    'read everything where all are let in, with no cookies: %s',
    async (origin) => {
      const gateway = await startTestGateway({ options: { corsOrigins: ['*'] } });
      const { preflight, answer } = await ask(gateway, origin);
      for (const { headers } of [preflight, answer]) {
        expect(['*', origin]).toContain(headers.get('access-control-allow-origin'));
        expect(headers.get('access-control-allow-credentials')).toBeNull();
      }
    },
  );
});

describe('a gateway for this machine alone', () => {
  const query = `/graphql?query=${encodeURIComponent('{ __typename }')}`;
  const ask = async (host: string | null, path = query, localOnly = true): Promise<Answer> => {
    const gateway = await startTestGateway({ options: { localOnly } });
    const answer = await gateway.fetch(path, {
      headers: { accept: 'application/json', ...(host !== null && { host }) },
    });
    expect(gateway.upstream()).toEqual([]);
    return answer;
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
  ])('answers to its own name %s', async (host) => {
    expect((await ask(host)).data).toEqual({ __typename: 'Query' });
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
  ])('does not answer to %j, whatever is asked', async (host) => {
    for (const path of [query, '/', '/graphql', '/nothing']) {
      const { status, text, data } = await ask(host, path);
      expect([status, data]).toEqual([421, null]);
      expect(text).toContain('localhost');
    }
  });

  test('is so only where it is told to be', async () => {
    expect((await ask('evil.example', query, false)).data).toEqual({ __typename: 'Query' });
  });
});
