import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';

import {
  ACCOUNT,
  type LogEntry,
  type TestResponse,
  APP,
  startTestGateway,
  TOKEN,
  waitUntil,
} from '../support/gateway.ts';
import { readBody, startHttp, startTcp } from '../support/origins.ts';
import { codesOf } from '../support/recordingGateway.ts';
import { runs } from '../support/runs.ts';
import { NO_CACHING } from '../support/upstream.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

const BASE = `/accounts/${ACCOUNT}/realtime/kit/${APP}`;
const MEGABYTE = 1_000_000;
const origins: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(origins.splice(0).map((origin) => origin.stop()));
});

/** Starts a gateway whose real transport and client talk HTTP to `baseUrl`. */
async function startGateway(baseUrl: string) {
  const account = { accountId: ACCOUNT, appId: APP, token: TOKEN };
  return startTestGateway({
    caching: { ttl: NO_CACHING },
    options: {
      upstream: { ...account, baseUrl, attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 },
    },
  });
}

/** Starts a gateway over an upstream that passes requests about `victim` to `hostile`, and responds correctly to all others. */
async function startWithHostileOrigin(hostile: Listener) {
  const requests: string[] = [];
  const origin = await startHttp((request, response): void => {
    const { method = '', url = '' } = request;
    requests.push(`${method} ${url.replace(BASE, '')}`);
    if (url.includes('victim')) {
      hostile(request, response);
      return;
    }
    sendJson({
      success: true,
      data: { livestream: { id: /[\w-]+(?=\?)/.exec(url)?.[0], name: 'Sound', status: 'IDLE' } },
    })(request, response);
  });
  origins.push(origin);
  const gateway = await startGateway(origin.url);
  return { ...gateway, url: origin.url, takeRequests: () => requests.splice(0) };
}

const TWO_LIVESTREAMS_QUERY = '{ bad: livestream(id: "victim") { id name } good: livestream(id: "good") { id name } }';
const GOOD = { id: 'good', name: 'Sound' };

/** What is logged besides the reason why the upstream is not reached. */
const unexpectedLogs = ({ logs }: { logs: readonly LogEntry[] }) =>
  logs.filter(({ message }) => message !== 'Requests to RealtimeKit fail.');

/** The result of a field on the hostile resource, of a sibling field, and of the next operation. */
async function outcome(gateway: Awaited<ReturnType<typeof startWithHostileOrigin>>) {
  const response = await gateway.send({ query: TWO_LIVESTREAMS_QUERY });
  const next = await gateway.send({ query: '{ good: livestream(id: "good") { id name } }' });
  return { data: response.data, codes: codesOf(response), next: next.data, logs: unexpectedLogs(gateway) };
}

/** The outcome in which only the hostile field fails, with `code`. */
const failsAlone = (code: string) => ({
  data: { bad: null, good: GOOD },
  codes: [code],
  next: { good: GOOD },
  logs: [],
});

const sendJson =
  (body: unknown, status = 200, headers: Record<string, string | string[]> = {}): Listener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

const sendText =
  (type: string, body: string | Uint8Array, headers: Record<string, string> = {}): Listener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': type, ...headers });
    response.end(body);
  };

const INVALID = 'UPSTREAM_INVALID_RESPONSE';
const UNAVAILABLE = 'UPSTREAM_UNAVAILABLE';
const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);
const BOMB = gzipSync(Buffer.alloc(100 * MEGABYTE));
const VICTIM_RESPONSE = { success: true, data: { livestream: { id: 'victim' } } };

test('a compressed response that begins with a byte order mark is read', async () => {
  const body = gzipSync(`\uFEFF${JSON.stringify(VICTIM_RESPONSE)}`);
  const gateway = await startWithHostileOrigin(sendText('application/json', body, { 'content-encoding': 'gzip' }));
  const { data } = await gateway.send({ query: TWO_LIVESTREAMS_QUERY });
  expect(data).toEqual({ bad: { id: 'victim', name: null }, good: GOOD });
});

describe('a redirect from upstream', () => {
  test.each([300, 301, 302, 303, 304, 305, 307, 308])(
    'with status %i is not followed, to any target',
    async (status) => {
      const other = await startHttp(sendJson(VICTIM_RESPONSE));
      origins.push(other);
      const targets = [
        '/victim',
        '',
        '//127.0.0.1',
        other.url,
        `${other.url}/client/v4/victim`,
        'javascript:x',
        '\\\\x',
      ];
      let location = '';
      const gateway = await startWithHostileOrigin((request, response) => {
        response.writeHead(status, { location });
        response.end();
        request.resume();
      });
      for (location of targets) {
        expect(await outcome(gateway)).toEqual(failsAlone(INVALID));
        expect(gateway.takeRequests().filter((line) => line.includes('victim'))).toEqual([
          'GET /livestreams/victim?per_page=1',
        ]);
      }
      const start =
        'mutation { startLivestream(input: { meetingId: "victim" }) { livestream { id } userErrors { code } } }';
      expect(codesOf(await gateway.send({ query: start }))).toEqual([INVALID]);
      expect(gateway.takeRequests()).toEqual(['POST /meetings/victim/livestreams']);
      expect(other.connections).toEqual([]);
    },
  );
});

describe('an unreadable upstream response', () => {
  test.each<[string, Listener, string]>([
    ['an HTML page', sendText('text/html', '<!doctype html><title>Sign in</title>'), INVALID],
    ['HTML that claims to be JSON', sendText('application/json', '<html></html>'), INVALID],
    ['an image', sendText('image/png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0xff, 0xfe])), INVALID],
    ['an empty body', sendText('application/json', ''), INVALID],
    ['white space', sendText('application/json', ' \r\n\t '), INVALID],
    ['truncated JSON', sendText('application/json', '{"success":true,"data":{"livestream":'), INVALID],
    ['two JSON documents in one body', sendText('application/json', `${JSON.stringify(VICTIM_RESPONSE)}{}`), INVALID],
    ['an array', sendJson([VICTIM_RESPONSE]), INVALID],
    ['null', sendJson('null'), INVALID],
    ['a string', sendJson('"success"'), INVALID],
    ['NaN', sendJson('{"success":true,"data":NaN}'), INVALID],
    ['data that is a list', sendJson({ success: true, data: [1] }), INVALID],
    ['data that is a number', sendJson({ success: true, data: 1e308 }), INVALID],
    ['UTF-16', sendText('application/json', Buffer.from(JSON.stringify(VICTIM_RESPONSE), 'utf16le')), INVALID],
    ['a gzip bomb', sendText('application/json', BOMB, { 'content-encoding': 'gzip' }), INVALID],
    [
      'a gzip bomb inside a gzip bomb',
      sendText('text/html', gzipSync(BOMB), { 'content-encoding': 'gzip, gzip' }),
      INVALID,
    ],
    ['deeply nested JSON', sendJson(DEEP), INVALID],
    ['deeply nested data', sendJson(`{"success":true,"data":${DEEP}}`), INVALID],
    ['a deeply nested envelope', sendJson('{"a":'.repeat(100_000)), INVALID],
    ['a deeply nested error', sendJson(`{"success":false,"errors":${DEEP}}`, 500), UNAVAILABLE],
    ['the status 999', sendJson(VICTIM_RESPONSE, 999), UNAVAILABLE],
    ['the status 418', sendJson(VICTIM_RESPONSE, 418), INVALID],
    ['`success: false` with status 200', sendJson({ success: false, data: VICTIM_RESPONSE.data }), UNAVAILABLE],
  ])('fails only the field that needs it: %s', async (_name, hostile, code) => {
    expect(await outcome(await startWithHostileOrigin(hostile))).toEqual(failsAlone(code));
  });

  test('yields a null name when the name is a deeply nested array', async () => {
    const gateway = await startWithHostileOrigin(
      sendJson(`{"success":true,"data":{"livestream":{"id":"victim","name":${DEEP}}}}`),
    );
    const { data, errors } = await gateway.send({ query: TWO_LIVESTREAMS_QUERY });
    expect([data, errors, gateway.logs]).toEqual([{ bad: { id: 'victim', name: null }, good: GOOD }, [], []]);
  });
});

describe('an oversized upstream response', () => {
  /** Streams up to 100 MB for as long as the client reads, and counts the bytes written. */
  const pour = (headers: Record<string, string>, written: { bytes: number }): Listener => {
    const chunk = Buffer.alloc(MEGABYTE, '{"success":true,"data":[');
    return (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      const more = (): void => {
        while (!response.closed && !response.destroyed && written.bytes < 100 * MEGABYTE) {
          written.bytes += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    };
  };

  test.each<[string, Record<string, string>]>([
    ['with a Content-Length', { 'content-length': String(100 * MEGABYTE) }],
    ['in chunks', {}],
    ['with an unsupported Content-Encoding', { 'content-encoding': 'br' }],
  ])('of 100 MB is abandoned early and costs less than 150 MB of memory: %s', async (_name, headers) => {
    const written = { bytes: 0 };
    const gateway = await startWithHostileOrigin(pour(headers, written));
    const before = process.memoryUsage().rss;
    expect(await outcome(gateway)).toEqual(failsAlone(INVALID));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MEGABYTE);
    expect(written.bytes).toBeLessThan(40 * MEGABYTE);
  });

  test('with millions of rows in one page fails as invalid and costs less than 700 MB of memory', async () => {
    const body = `{"success":true,"data":[${'{},'.repeat(2_700_000)}{}],"paging":{"total_count":2700001}}`;
    const origin = await startHttp(sendJson(body));
    origins.push(origin);
    const { send, logs } = await startGateway(origin.url);
    const before = process.memoryUsage().rss;
    for (const list of ['livestreams', 'meetings']) {
      const response = await send({ query: `{ ${list}(first: 3) { nodes { id } } }` });
      expect([codesOf(response), logs]).toEqual([[INVALID], []]);
    }
    // Most of this memory is the result of JSON.parse for 8 MB of input.
    expect(process.memoryUsage().rss - before).toBeLessThan(700 * MEGABYTE);
  });
});

describe('an upstream that violates HTTP', () => {
  /** Starts a gateway over a TCP server that passes each socket to `respond` once the first bytes of a request arrive. */
  const startOverTcp = async (respond: (socket: Socket) => void) => {
    const origin = await startTcp((socket) => void socket.once('data', () => respond(socket)));
    origins.push(origin);
    return { gateway: await startGateway(origin.url.replace('https', 'http')), connections: origin.connections };
  };
  const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

  test.each([
    ['closes the connection at once', ''],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['closes within the headers', HEAD],
    ['closes within the body', `${HEAD}content-length: 100\r\n\r\n{"success":true`],
    ['closes within a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\nff\r\n{"success"`],
    ['sends malformed chunks', `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ['sends two Content-Length headers', `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`],
    ['sends a negative Content-Length', `${HEAD}content-length: -1\r\n\r\n{}`],
    ['sends a megabyte of headers', `${HEAD}${'x: y\r\n'.repeat(170_000)}\r\n{}`],
    ['sends a single header of a megabyte', `${HEAD}x: ${'y'.repeat(MEGABYTE)}\r\n\r\n{}`],
    ['sends a header that contains NUL', `${HEAD}x: a\0b\r\ncontent-length: 2\r\n\r\n{}`],
    ['switches the protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ])('fails as UPSTREAM_UNAVAILABLE after at most 3 connections when it %s', async (_name, bytes) => {
    const { gateway, connections } = await startOverTcp((socket) => void socket.end(bytes));
    const response = await gateway.send({ query: '{ livestream(id: "a") { id } }' });
    expect([response.status, codesOf(response), unexpectedLogs(gateway)]).toEqual([200, [UNAVAILABLE], []]);
    expect(connections.length).toBeLessThanOrEqual(3);
  });

  test('gets a start only once and yields OUTCOME_UNKNOWN when its response breaks off', async () => {
    let posts = 0;
    const gateway = await startWithHostileOrigin(async (request, response) => {
      posts += request.method === 'POST' ? 1 : 0;
      await readBody(request);
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"success":true', () => response.destroy());
    });
    const start =
      'mutation { startLivestream(input: { meetingId: "victim" }) { livestream { id } userErrors { code } } }';
    const { data, errors } = await gateway.send({ query: start });
    expect(data).toEqual({ startLivestream: { livestream: null, userErrors: [{ code: 'OUTCOME_UNKNOWN' }] } });
    expect([errors, posts, unexpectedLogs(gateway)]).toEqual([[], 1, []]);
  });

  const DRIPS: [string, string, string][] = [
    ['sends nothing', '', ''],
    ['sends a header a second', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['sends an early hint a second', '', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'],
    ['sends a byte of the body a second', `${HEAD}content-length: 1000\r\n\r\n`, ' '],
    ['sends a chunk a second', `${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
  ];
  test.each(DRIPS)('fails as UPSTREAM_TIMEOUT within 25 s when it %s', async (_name, first, drip) => {
    const { gateway, connections } = await startOverTcp((socket) => void socket.write(first));
    const startedAt = gateway.clock.now();
    const responses: TestResponse[] = [];
    const completed = gateway
      .send({ query: '{ livestream(id: "a") { id } }' })
      .then((response) => responses.push(response));
    const open = (): Socket[] => connections.filter((socket) => !socket.destroyed && socket.bytesRead > 0);
    while (responses.length === 0) {
      await waitUntil(() => responses.length > 0 || (gateway.clock.pending() > 0 && open().length > 0));
      for (const socket of open()) socket.write(drip);
      if (responses.length === 0) gateway.clock.advance(1000);
      await setImmediate();
    }
    await completed;
    expect(responses.map(codesOf)).toEqual([['UPSTREAM_TIMEOUT']]);
    expect(gateway.clock.now() - startedAt).toBeLessThanOrEqual(25_000);
    expect(connections.length).toBeLessThanOrEqual(3);
    expect(unexpectedLogs(gateway)).toEqual([]);
  });
});

/** Values for any field of a response, among them invalid ids and names of prototype members. */
const HOSTILE_IDS = [
  '..',
  '../..',
  '../../../../user/tokens',
  'a/b',
  'a?b=c',
  'a#b',
  '%2e%2e',
  'a\\b',
  'a\r\nx: 1',
  'sessions',
  '',
  'x'.repeat(65),
  'é',
  '__proto__',
];
const NUMBERS = [
  '1e308',
  '1e400',
  '-1e400',
  '-0',
  '-1',
  '2.5',
  '9007199254740993',
  '1e21',
  '4294967296',
  '9'.repeat(400),
];
const TEXTS = [
  '',
  'LIVE',
  'true',
  '1e309',
  '9999-12-31T23:59:59-23:59',
  '0000-01-01T00:00:00+23:59',
  '2026-01-01',
  'https://[',
  'https://a/\u0000',
];
const anyJson = fc.oneof(
  fc.constantFrom(...HOSTILE_IDS, ...TEXTS).map((text) => JSON.stringify(text)),
  fc.constantFrom(...NUMBERS, 'null', 'true', '{}', '[]', '[[]]', '{"id":"../.."}', '{"__proto__":{"id":"a"}}'),
  fc.json({ maxDepth: 2 }),
);
const FIELDS =
  'id name title status disabled ingest_server stream_key playback_url created_at updated_at meeting_id livestream_id ' +
  'err_message ingest_seconds viewer_seconds invoked_time started_time stopped_time';
const object = fc
  .record(Object.fromEntries(FIELDS.split(' ').map((name) => [name, anyJson])), { requiredKeys: [] })
  .map(
    (fields) =>
      `{${Object.entries(fields)
        .map(([name, json]) => `"${name}":${json}`)
        .join(',')}}`,
  );
const paging = fc
  .tuple(anyJson, anyJson, anyJson)
  .map(([total, start, end]) => `{"total_count":${total},"start_offset":${start},"end_offset":${end}}`);
const data = fc.oneof(
  object,
  fc
    .tuple(object, object)
    .map(([livestream, session]) => `{"livestream":${livestream},"session":${session},"paging":{}}`),
  fc.array(object, { maxLength: 4 }).map((rows) => `[${rows.join(',')}]`),
  fc
    .tuple(fc.array(object, { maxLength: 4 }), paging)
    .map(([rows, pagingJson]) => `{"livestreams":[${rows.join(',')}],"paging":${pagingJson}}`),
  anyJson,
);
const body = fc
  .tuple(data, paging, fc.constantFrom('"data"', '"result"'))
  .map(([json, pagingJson, name]) => `{"success":true,${name}:${json},"paging":${pagingJson}}`);

const LIVESTREAM =
  '{ id name status disabled ingestServer streamKey playbackUrl createdAt updatedAt meeting { id title } activeSession { id } }';
const SESSION =
  '{ id livestream { id name } errorMessage ingestSeconds viewerSeconds invokedAt startedAt stoppedAt createdAt updatedAt }';
const MEETING = `{ id title status createdAt updatedAt activeLivestream ${LIVESTREAM} livestreams(first: 2) { totalCount nodes { id } } }`;
const LIST = 'totalCount pageInfo { hasNextPage endCursor }';
const EVERYTHING = `{
  a: livestream(id: "a") ${LIVESTREAM}
  b: livestreamSession(id: "b") ${SESSION}
  c: meeting(id: "c") ${MEETING}
  d: _entities(representations: [{ __typename: "Livestream", id: "d" }]) { ... on Livestream ${LIVESTREAM} }
}`;
const LISTS = [
  `{ meetings(first: 2) { ${LIST} nodes { id title } } }`,
  `{ livestreams(first: 2) { ${LIST} nodes ${LIVESTREAM} } }`,
];
const MUTATIONS = `mutation {
  startLivestream(input: { meetingId: "m" }) { livestream ${LIVESTREAM} meeting { id } userErrors { code } }
  stopLivestream(input: { meetingId: "m" }) { livestream ${LIVESTREAM} meeting { id } userErrors { code } }
}`;
/** A valid id in a path of the API. `sessions` is a path segment of its own. */
const ID = '(?!sessions\\b)[A-Za-z0-9-]{1,64}';
const PATHS = new RegExp(
  `^(GET (/livestreams(/${ID}(/active-livestream-session)?|/sessions/${ID})?|/meetings(/${ID}(/active-livestream|/livestream)?)?)|POST /meetings/m/(livestreams|active-livestream/stop))(\\?[\\w&=.:-]*)?$`,
);

describe('an upstream response with arbitrary field values', () => {
  test('yields valid results or UPSTREAM_INVALID_RESPONSE, and causes no request outside the API paths', async () => {
    let responseBody = '';
    const requests: string[] = [];
    const origin = await startHttp((request, response) => {
      requests.push(`${request.method} ${request.url?.replace(BASE, '')}`);
      // A large limit keeps the request budget out of this test.
      sendJson(responseBody, 200, { ratelimit: '"default";r=9999;t=9' })(request, response);
    });
    origins.push(origin);
    const gateway = await startGateway(origin.url);
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom(EVERYTHING, MUTATIONS, ...LISTS), async (json, query) => {
        responseBody = json;
        const response = await gateway.send({ query });
        expect([response.status, codesOf(response).filter((code) => code !== INVALID), gateway.logs]).toEqual([
          200,
          [],
          [],
        ]);
        expect(requests.splice(0).filter((line) => !PATHS.test(line))).toEqual([]);
        expect(response.text).not.toMatch(/"[+-]\d{6}-\d\d-\d\dT/);
      }),
      { numRuns: runs(75) },
    );
  });
});

describe('misleading upstream headers', () => {
  const GOOD_ANSWER = { success: true, data: { livestream: { id: 'victim', name: 'Sound' } } };
  const names = (count: number, seed: number): string =>
    Array.from({ length: count }, (_, index) => `"${seed * count + index}";r=999999;t=9`).join(',');

  test.each<[string, Record<string, string | string[]>]>([
    ['numbers out of range', { ratelimit: '"d";r=1e309;t=-1', 'ratelimit-policy': '"d";q=NaN;w=Infinity' }],
    ['numbers with thousands of digits', { ratelimit: `"d";r=${'9'.repeat(5000)};t=${'9'.repeat(5000)}` }],
    ['limits of zero', { ratelimit: '"d";r=5;t=0', 'ratelimit-policy': '"d";q=0;w=0' }],
    ['two limits of the same name', { ratelimit: ['"d";r=500;t=30', '"d";r=600;t=20'] }],
    ['malformed limits', { ratelimit: '__proto__;constructor=1;r=;t', 'ratelimit-policy': ';;;,,,' }],
    ['a malformed ray', { 'cf-ray': '<script>', date: 'Fri, 31 Dec 9999 23:59:59 GMT' }],
    ['a date before the earliest valid date', { date: 'Thu, 01 Jan -271821 00:00:00 GMT' }],
    ['names of prototype members', { __proto__: 'x', constructor: 'y', 'x-proto': '__proto__' }],
  ])('do not affect any result: %s', async (_name, headers) => {
    const gateway = await startWithHostileOrigin(sendJson(GOOD_ANSWER, 200, headers));
    for (let round = 0; round < 3; round += 1) {
      const { data, errors } = await gateway.send({
        query: `${TWO_LIVESTREAMS_QUERY.slice(0, -1)} upstreamBudget { limit remaining resetsAt } }`,
      });
      expect([data, errors]).toMatchObject([{ bad: { id: 'victim' }, good: GOOD }, []]);
    }
    expect(gateway.logs).toEqual([]);
  });

  test.each(['1e309', '-1', '999999999999', 'NaN', '0x10', 'Fri, 31 Dec 9999 23:59:59 GMT', ''])(
    'do not extend the lockout after a 429 beyond 10 minutes: Retry-After %j',
    async (wait) => {
      const gateway = await startWithHostileOrigin(sendJson({ success: false }, 429, { 'retry-after': wait }));
      const response = await gateway.send({ query: '{ livestream(id: "victim") { id } }' });
      expect(codesOf(response)).toEqual(['RATE_LIMITED']);
      gateway.clock.advance(600_000);
      const next = await gateway.send({ query: '{ good: livestream(id: "good") { id name } }' });
      expect([next.data, gateway.logs]).toEqual([{ good: GOOD }, []]);
    },
  );

  test('do not affect any result when every response announces 700 new long-lived limits', async () => {
    let seed = 0;
    const policy = { 'ratelimit-policy': '"x";q=999999;w=999999999' };
    const gateway = await startWithHostileOrigin((request, response) => {
      seed += 1;
      sendJson(GOOD_ANSWER, 200, { ratelimit: names(700, seed), ...policy })(request, response);
    });
    for (let round = 0; round < 250; round += 1) {
      const { errors } = await gateway.send({ query: '{ livestream(id: "victim") { id } }' });
      expect([errors, gateway.logs]).toEqual([[], []]);
    }
  });
});

test('an upstream error message of 200 kB is processed within 2 s, whatever it repeats', async () => {
  const parts = ['a.', 'a', 'bearer ', 'a:/', '%3a', '/accounts/', 'accounts', 'A-_', ' ', `${'x'.repeat(31)} `];
  for (const part of parts) {
    const message = part.repeat(Math.ceil(200_000 / part.length));
    const gateway = await startWithHostileOrigin(
      sendJson({ success: false, errors: [{ code: message, message }] }, 400),
    );
    const startedAt = performance.now();
    expect(await outcome(gateway)).toEqual(failsAlone('BAD_USER_INPUT'));
    expect(performance.now() - startedAt).toBeLessThan(2000);
  }
});
