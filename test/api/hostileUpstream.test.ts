import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';

import { ACCOUNT, type Answer, APP, startTestGateway, TOKEN, until } from '../support/gateway.ts';
import { bodyOf, startHttp, startTcp } from '../support/origins.ts';
import { runs } from '../support/runs.ts';
import { NOTHING_KEPT } from '../support/upstream.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

const BASE = `/accounts/${ACCOUNT}/realtime/kit/${APP}`;
const MEGABYTE = 1_000_000;
const origins: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(origins.splice(0).map((origin) => origin.stop()));
});

/** The real transport and client, over HTTP to whatever `baseUrl` is. */
async function gatewayOf(baseUrl: string) {
  const account = { accountId: ACCOUNT, appId: APP, token: TOKEN };
  return startTestGateway({
    caching: { ttl: NOTHING_KEPT },
    options: {
      upstream: { ...account, baseUrl, attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 },
    },
  });
}

/** An upstream that treats what is asked about `victim` as `hostile` does, and is what it should be otherwise. */
async function facing(hostile: Listener) {
  const seen: string[] = [];
  const origin = await startHttp((request, response): void => {
    const { method = '', url = '' } = request;
    seen.push(`${method} ${url.replace(BASE, '')}`);
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
  const gateway = await gatewayOf(origin.url);
  return { ...gateway, url: origin.url, seen: () => seen.splice(0) };
}

const TWO = '{ bad: livestream(id: "victim") { id name } good: livestream(id: "good") { id name } }';
const GOOD = { id: 'good', name: 'Sound' };

const codesOf = ({ errors }: Answer): unknown[] => errors.map(({ extensions }) => extensions['code']);

/** What becomes of a field, of the one beside it and of whoever asks next. */
async function outcome(gateway: Awaited<ReturnType<typeof facing>>) {
  const answer = await gateway.send({ query: TWO });
  const next = await gateway.send({ query: '{ good: livestream(id: "good") { id name } }' });
  return { data: answer.data, codes: codesOf(answer), next: next.data, logs: gateway.logs };
}

/** The field fails with `code`, and nothing else suffers. */
const only = (code: string) => ({ data: { bad: null, good: GOOD }, codes: [code], next: { good: GOOD }, logs: [] });

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
const NOTHING = { success: true, data: { livestream: { id: 'victim' } } };

describe('a redirect is never followed', () => {
  test.each([300, 301, 302, 303, 304, 305, 307, 308])('%i, to itself and to another host', async (status) => {
    const other = await startHttp(sendJson(NOTHING));
    origins.push(other);
    const targets = ['/victim', '', '//127.0.0.1', other.url, `${other.url}/client/v4/victim`, 'javascript:x', '\\\\x'];
    let location = '';
    const gateway = await facing((request, response) => {
      response.writeHead(status, { location });
      response.end();
      request.resume();
    });
    for (location of targets) {
      expect(await outcome(gateway)).toEqual(only(INVALID));
      expect(gateway.seen().filter((line) => line.includes('victim'))).toEqual(['GET /livestreams/victim?per_page=1']);
    }
    const start =
      'mutation { startLivestream(input: { meetingId: "victim" }) { livestream { id } userErrors { code } } }';
    expect(codesOf(await gateway.send({ query: start }))).toEqual([INVALID]);
    expect(gateway.seen()).toEqual(['POST /meetings/victim/livestreams']);
    expect(other.connections).toEqual([]);
  });
});

describe('what cannot be read is told as such, and nothing else suffers', () => {
  test.each<[string, Listener, string]>([
    ['a page of HTML', sendText('text/html', '<!doctype html><title>Sign in</title>'), INVALID],
    ['HTML that claims to be JSON', sendText('application/json', '<html></html>'), INVALID],
    ['a picture', sendText('image/png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0xff, 0xfe])), INVALID],
    ['nothing', sendText('application/json', ''), INVALID],
    ['white space', sendText('application/json', ' \r\n\t '), INVALID],
    ['half of JSON', sendText('application/json', '{"success":true,"data":{"livestream":'), INVALID],
    ['two answers in one', sendText('application/json', `${JSON.stringify(NOTHING)}{}`), INVALID],
    ['an array', sendJson([NOTHING]), INVALID],
    ['null', sendJson('null'), INVALID],
    ['a text', sendJson('"success"'), INVALID],
    ['NaN', sendJson('{"success":true,"data":NaN}'), INVALID],
    ['data that is a list', sendJson({ success: true, data: [1] }), INVALID],
    ['data that is a number', sendJson({ success: true, data: 1e308 }), INVALID],
    ['UTF-16', sendText('application/json', Buffer.from(JSON.stringify(NOTHING), 'utf16le')), INVALID],
    ['a bomb of gzip', sendText('application/json', BOMB, { 'content-encoding': 'gzip' }), INVALID],
    ['a bomb in a bomb', sendText('text/html', gzipSync(BOMB), { 'content-encoding': 'gzip, gzip' }), INVALID],
    ['JSON without end', sendJson(DEEP), INVALID],
    ['data without end', sendJson(`{"success":true,"data":${DEEP}}`), INVALID],
    ['an envelope without end', sendJson('{"a":'.repeat(100_000)), INVALID],
    ['an error without end', sendJson(`{"success":false,"errors":${DEEP}}`, 500), UNAVAILABLE],
    ['an odd status', sendJson(NOTHING, 999), UNAVAILABLE],
    ['a teapot', sendJson(NOTHING, 418), INVALID],
    ['a success that is none', sendJson({ success: false, data: NOTHING.data }), UNAVAILABLE],
  ])('%s', async (_what, hostile, code) => {
    expect(await outcome(await facing(hostile))).toEqual(only(code));
  });

  test('a name without end is no name', async () => {
    const gateway = await facing(sendJson(`{"success":true,"data":{"livestream":{"id":"victim","name":${DEEP}}}}`));
    const { data, errors } = await gateway.send({ query: TWO });
    expect([data, errors, gateway.logs]).toEqual([{ bad: { id: 'victim', name: null }, good: GOOD }, [], []]);
  });
});

describe('a body that does not end is given up', () => {
  /** Sends as much as is taken, up to 100 MB; what was taken is counted. */
  const pour = (headers: Record<string, string>, taken: { bytes: number }): Listener => {
    const chunk = Buffer.alloc(MEGABYTE, '{"success":true,"data":[');
    return (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      const more = (): void => {
        while (!response.closed && !response.destroyed && taken.bytes < 100 * MEGABYTE) {
          taken.bytes += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    };
  };

  test.each<[string, Record<string, string>]>([
    ['of a told length', { 'content-length': String(100 * MEGABYTE) }],
    ['in chunks', {}],
    ['of another encoding', { 'content-encoding': 'br' }],
  ])('100 MB %s: 8 MiB are taken at most, and no more memory than that needs', async (_what, headers) => {
    const taken = { bytes: 0 };
    const gateway = await facing(pour(headers, taken));
    const before = process.memoryUsage().rss;
    expect(await outcome(gateway)).toEqual(only(INVALID));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MEGABYTE);
    expect(taken.bytes).toBeLessThan(40 * MEGABYTE);
  });

  test('millions of rows in one page are not looked at', async () => {
    const body = `{"success":true,"data":[${'{},'.repeat(2_700_000)}{}],"paging":{"total_count":2700001}}`;
    const origin = await startHttp(sendJson(body));
    origins.push(origin);
    const { send, logs } = await gatewayOf(origin.url);
    const before = process.memoryUsage().rss;
    for (const list of ['livestreams', 'meetings']) {
      const answer = await send({ query: `{ ${list}(first: 3) { nodes { id } } }` });
      expect([codesOf(answer), logs]).toEqual([[INVALID], []]);
    }
    // What JSON.parse makes of 8 MB is the most of it.
    expect(process.memoryUsage().rss - before).toBeLessThan(700 * MEGABYTE);
  });
});

describe('a connection that does not do what HTTP says', () => {
  const raw = async (answer: (socket: Socket) => void) => {
    const origin = await startTcp((socket) => void socket.once('data', () => answer(socket)));
    origins.push(origin);
    return { gateway: await gatewayOf(origin.url.replace('https', 'http')), connections: origin.connections };
  };
  const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

  test.each([
    ['goes away at once', ''],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['ends in the middle of a header', HEAD],
    ['ends in the middle of the body', `${HEAD}content-length: 100\r\n\r\n{"success":true`],
    ['ends in the middle of a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\nff\r\n{"success"`],
    ['sends chunks that are none', `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ['tells two lengths', `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`],
    ['tells a length that is none', `${HEAD}content-length: -1\r\n\r\n{}`],
    ['sends a megabyte of headers', `${HEAD}${'x: y\r\n'.repeat(170_000)}\r\n{}`],
    ['sends one header of a megabyte', `${HEAD}x: ${'y'.repeat(MEGABYTE)}\r\n\r\n{}`],
    ['sends a header with NUL', `${HEAD}x: a\0b\r\ncontent-length: 2\r\n\r\n{}`],
    ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ])('who %s cannot be reached', async (_what, bytes) => {
    const { gateway, connections } = await raw((socket) => void socket.end(bytes));
    const answer = await gateway.send({ query: '{ livestream(id: "a") { id } }' });
    expect([answer.status, codesOf(answer), gateway.logs]).toEqual([200, [UNAVAILABLE], []]);
    expect(connections.length).toBeLessThanOrEqual(3);
  });

  test('a start that is cut off is sent once, and its outcome is told to be unknown', async () => {
    let posts = 0;
    const gateway = await facing(async (request, response) => {
      posts += request.method === 'POST' ? 1 : 0;
      await bodyOf(request);
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"success":true', () => response.destroy());
    });
    const start =
      'mutation { startLivestream(input: { meetingId: "victim" }) { livestream { id } userErrors { code } } }';
    const { data, errors } = await gateway.send({ query: start });
    expect(data).toEqual({ startLivestream: { livestream: null, userErrors: [{ code: 'OUTCOME_UNKNOWN' }] } });
    expect([errors, posts, gateway.logs]).toEqual([[], 1, []]);
  });

  const DRIPS: [string, string, string][] = [
    ['says nothing', '', ''],
    ['sends a header a second', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['sends an early hint a second', '', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'],
    ['sends a byte of the body a second', `${HEAD}content-length: 1000\r\n\r\n`, ' '],
    ['sends a chunk a second', `${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
  ];
  test.each(DRIPS)('who %s is given up at the deadline', async (_what, first, drip) => {
    const { gateway, connections } = await raw((socket) => void socket.write(first));
    const begun = gateway.clock.now();
    const told: Answer[] = [];
    const asked = gateway.send({ query: '{ livestream(id: "a") { id } }' }).then((answer) => told.push(answer));
    const open = (): Socket[] => connections.filter((socket) => !socket.destroyed && socket.bytesRead > 0);
    while (told.length === 0) {
      await until(() => told.length > 0 || (gateway.clock.pending() > 0 && open().length > 0));
      for (const socket of open()) socket.write(drip);
      if (told.length === 0) gateway.clock.advance(1000);
      await setImmediate();
    }
    await asked;
    expect(told.map(codesOf)).toEqual([['UPSTREAM_TIMEOUT']]);
    expect(gateway.clock.now() - begun).toBeLessThanOrEqual(25_000);
    expect(connections.length).toBeLessThanOrEqual(3);
    expect(gateway.logs).toEqual([]);
  });
});

/** What a field of an answer can be; ids that are none, and those of prototypes, among it. */
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
const wild = fc.oneof(
  fc.constantFrom(...HOSTILE_IDS, ...TEXTS).map((text) => JSON.stringify(text)),
  fc.constantFrom(...NUMBERS, 'null', 'true', '{}', '[]', '[[]]', '{"id":"../.."}', '{"__proto__":{"id":"a"}}'),
  fc.json({ maxDepth: 2 }),
);
const FIELDS =
  'id name title status disabled ingest_server stream_key playback_url created_at updated_at meeting_id livestream_id ' +
  'err_message ingest_seconds viewer_seconds invoked_time started_time stopped_time';
const object = fc.record(Object.fromEntries(FIELDS.split(' ').map((name) => [name, wild])), { requiredKeys: [] }).map(
  (fields) =>
    `{${Object.entries(fields)
      .map(([name, json]) => `"${name}":${json}`)
      .join(',')}}`,
);
const paging = fc
  .tuple(wild, wild, wild)
  .map(([total, start, end]) => `{"total_count":${total},"start_offset":${start},"end_offset":${end}}`);
const data = fc.oneof(
  object,
  fc
    .tuple(object, object)
    .map(([livestream, session]) => `{"livestream":${livestream},"session":${session},"paging":{}}`),
  fc.array(object, { maxLength: 4 }).map((rows) => `[${rows.join(',')}]`),
  fc
    .tuple(fc.array(object, { maxLength: 4 }), paging)
    .map(([rows, told]) => `{"livestreams":[${rows.join(',')}],"paging":${told}}`),
  wild,
);
const body = fc
  .tuple(data, paging, fc.constantFrom('"data"', '"result"'))
  .map(([json, told, name]) => `{"success":true,${name}:${json},"paging":${told}}`);

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
const CHANGES = `mutation {
  startLivestream(input: { meetingId: "m" }) { livestream ${LIVESTREAM} meeting { id } userErrors { code } }
  stopLivestream(input: { meetingId: "m" }) { livestream ${LIVESTREAM} meeting { id } userErrors { code } }
}`;
/** The API's paths, ids in them being such. */
const ID = '(?!sessions\\b)[A-Za-z0-9-]{1,64}';
const PATHS = new RegExp(
  `^(GET (/livestreams(/${ID}(/active-livestream-session)?|/sessions/${ID})?|/meetings(/${ID}(/active-livestream|/livestream)?)?)|POST /meetings/m/(livestreams|active-livestream/stop))(\\?[\\w&=.:-]*)?$`,
);

describe('whatever stands in the fields of an answer', () => {
  test('each field is of its type or null, the words of an error are right, and no id leads anywhere', async () => {
    let told = '';
    const seen: string[] = [];
    const origin = await startHttp((request, response) => {
      seen.push(`${request.method} ${request.url?.replace(BASE, '')}`);
      // The request budget is no matter of this test.
      sendJson(told, 200, { ratelimit: '"default";r=9999;t=9' })(request, response);
    });
    origins.push(origin);
    const gateway = await gatewayOf(origin.url);
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom(EVERYTHING, CHANGES, ...LISTS), async (json, query) => {
        told = json;
        const answer = await gateway.send({ query });
        expect([answer.status, codesOf(answer).filter((code) => code !== INVALID), gateway.logs]).toEqual([
          200,
          [],
          [],
        ]);
        expect(seen.splice(0).filter((line) => !PATHS.test(line))).toEqual([]);
        expect(answer.text).not.toMatch(/"[+-]\d{6}-\d\d-\d\dT/);
      }),
      { numRuns: runs(75) },
    );
  });
});

describe('headers that lie', () => {
  const GOOD_ANSWER = { success: true, data: { livestream: { id: 'victim', name: 'Sound' } } };
  const names = (count: number, seed: number): string =>
    Array.from({ length: count }, (_, index) => `"${seed * count + index}";r=999999;t=9`).join(',');

  test.each<[string, Record<string, string | string[]>]>([
    ['numbers without measure', { ratelimit: '"d";r=1e309;t=-1', 'ratelimit-policy': '"d";q=NaN;w=Infinity' }],
    ['as many digits as fit', { ratelimit: `"d";r=${'9'.repeat(5000)};t=${'9'.repeat(5000)}` }],
    ['limits of nothing', { ratelimit: '"d";r=5;t=0', 'ratelimit-policy': '"d";q=0;w=0' }],
    ['two limits of one name', { ratelimit: ['"d";r=500;t=30', '"d";r=600;t=20'] }],
    ['what is no limit', { ratelimit: '__proto__;constructor=1;r=;t', 'ratelimit-policy': ';;;,,,' }],
    ['a ray that is none', { 'cf-ray': '<script>', date: 'Fri, 31 Dec 9999 23:59:59 GMT' }],
    ['a date before all dates', { date: 'Thu, 01 Jan -271821 00:00:00 GMT' }],
    ['members of prototypes', { __proto__: 'x', constructor: 'y', 'x-proto': '__proto__' }],
  ])('%s change nothing', async (_what, headers) => {
    const gateway = await facing(sendJson(GOOD_ANSWER, 200, headers));
    for (let round = 0; round < 3; round += 1) {
      const { data, errors } = await gateway.send({
        query: `${TWO.slice(0, -1)} upstreamBudget { limit remaining resetsAt } }`,
      });
      expect([data, errors]).toMatchObject([{ bad: { id: 'victim' }, good: GOOD }, []]);
    }
    expect(gateway.logs).toEqual([]);
  });

  test.each(['1e309', '-1', '999999999999', 'NaN', '0x10', 'Fri, 31 Dec 9999 23:59:59 GMT', ''])(
    'a wait of %j after 429 locks nobody out for longer than upstream itself would',
    async (wait) => {
      const gateway = await facing(sendJson({ success: false }, 429, { 'retry-after': wait }));
      const answer = await gateway.send({ query: '{ livestream(id: "victim") { id } }' });
      expect(codesOf(answer)).toEqual(['RATE_LIMITED']);
      gateway.clock.advance(600_000);
      const next = await gateway.send({ query: '{ good: livestream(id: "good") { id name } }' });
      expect([next.data, gateway.logs]).toEqual([{ good: GOOD }, []]);
    },
  );

  test('ever new limits, each for ever, are not all kept in mind', async () => {
    let seed = 0;
    const policy = { 'ratelimit-policy': '"x";q=999999;w=999999999' };
    const gateway = await facing((request, response) => {
      seed += 1;
      sendJson(GOOD_ANSWER, 200, { ratelimit: names(700, seed), ...policy })(request, response);
    });
    for (let round = 0; round < 250; round += 1) {
      const { errors } = await gateway.send({ query: '{ livestream(id: "victim") { id } }' });
      expect([errors, gateway.logs]).toEqual([[], []]);
    }
  });
});

test('an error message of any length is read in no time', async () => {
  const messages = ['a.', 'a', 'bearer ', 'a:/', '%3a', '/accounts/', 'accounts', 'A-_', ' ', `${'x'.repeat(31)} `];
  for (const part of messages) {
    const message = part.repeat(Math.ceil(200_000 / part.length));
    const gateway = await facing(sendJson({ success: false, errors: [{ code: message, message }] }, 400));
    const begun = performance.now();
    expect(await outcome(gateway)).toEqual(only('BAD_USER_INPUT'));
    expect(performance.now() - begun).toBeLessThan(2000);
  }
});
