import { inspect } from 'node:util';

import { LRUCache } from 'lru-cache';
import { afterEach, describe, expect, test, vi } from 'vitest';

import type { AuthSettings } from '../../src/auth/authenticate.ts';
import type { Samples } from '../../src/sandbox/exampleIds.ts';
import {
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '../../src/realtimekit/transport.ts';
import { ACCOUNT, type Answer, APP, startTestGateway, type TestGateway, TOKEN } from '../support/gateway.ts';
import { apiKeySettings, jwtSettings, signingKey, signToken, startGuarded } from '../support/identityProvider.ts';

const BEARER = 'bearer-0f.a-caller';
const API_KEY = 'key-0f.a-caller';
const STREAM_KEY = 'f26566285faca6fbe2e79a73a66rsrrsrrsr3cde23a2bb7dbc6c2c1761b98f4e4';
/** The sandbox's own are such. */
const LIKE_A_STREAM_KEY = /[0-9a-f]{64}/;

/** All that upstream knows and is not to be repeated, in the forms in which an API writes such things. */
const wordsOf = (token: string): string =>
  [
    `token ${token}, account=${ACCOUNT} app:"${APP}" key ${STREAM_KEY}`,
    `authorization: Bearer ${token} (bearer  ${token})`,
    `https://api.test/client/v4/accounts/${ACCOUNT}/realtime/kit/${APP}/livestreams?token=${token}&key=${STREAM_KEY}`,
    `/accounts/${ACCOUNT}/realtime/kit/${APP} ${encodeURIComponent(`/accounts/${ACCOUNT}/?t=${token}`)}`,
    `rtmps://live.test:443/live/${STREAM_KEY} {"stream_key":"${STREAM_KEY}"}`,
  ].join(' | ');
const SAYS = wordsOf(TOKEN);

const SECRETS = [TOKEN, ACCOUNT, APP, BEARER, API_KEY, STREAM_KEY];

const SESSION =
  'id errorMessage ingestSeconds viewerSeconds invokedAt startedAt stoppedAt createdAt updatedAt livestream { id name }';
const LIVESTREAM = `id name status disabled ingestServer streamKey playbackUrl createdAt updatedAt meeting { id title } activeSession { ${SESSION} }`;
const PAGE = 'totalCount pageInfo { hasNextPage endCursor }';
const ERRORS = 'userErrors { code message field }';

/** Every field of the schema, in as many operations as there are ways to begin. */
const operations = (id: (sample: keyof Samples) => string): string[] => [
  `{ livestream(id: "${id('liveLivestreamId')}") { ${LIVESTREAM} } }`,
  `{ livestreams(first: 3, filter: { status: LIVE }) { ${PAGE} nodes { ${LIVESTREAM} } edges { cursor node { id } } } }`,
  `{ livestreamSession(id: "${id('endedSessionId')}") { ${SESSION} } }`,
  `{ meetings(first: 3, search: "a") { ${PAGE} nodes { id title status createdAt updatedAt activeLivestream { ${LIVESTREAM} } } } }`,
  `{ meeting(id: "${id('idleMeetingId')}") { title livestreams(first: 2) { ${PAGE} edges { node { ${LIVESTREAM} } } } } }`,
  `{ _entities(representations: [{ __typename: "Livestream", id: "${id('offlineLivestreamId')}" }, { __typename: "LivestreamSession", id: "${id('liveSessionId')}" }, { __typename: "Meeting", id: "${id('liveMeetingId')}" }]) { __typename ... on Livestream { ${LIVESTREAM} } ... on LivestreamSession { errorMessage } ... on Meeting { title activeLivestream { name } } } }`,
  `mutation { startLivestream(input: { meetingId: "${id('emptyMeetingId')}", name: "Town hall" }) { livestream { ${LIVESTREAM} } meeting { id title } ${ERRORS} } }`,
  `mutation { stopLivestream(input: { meetingId: "${id('liveMeetingId')}" }) { livestream { ${LIVESTREAM} } meeting { id title } ${ERRORS} } }`,
  '{ upstreamBudget { limit remaining resetsAt } }',
];

/** How callers come, what they come with, and the token that upstream is then asked with. */
type Way = [name: string, auth: AuthSettings, headers: Record<string, string>, token: string];

const WAYS: Way[] = [
  ['none', { kind: 'none' }, {}, TOKEN],
  ['passthrough', { kind: 'passthrough' }, { authorization: `Bearer ${BEARER}` }, BEARER],
  [
    'api-key',
    apiKeySettings({ [API_KEY]: ['livestream:read', 'livestream:write', 'livestream:secret'] }),
    { 'x-api-key': API_KEY },
    TOKEN,
  ],
];

afterEach(() => {
  vi.restoreAllMocks();
});

const REPORT = { 'x-upstream-report': '1' };

/** Sends every operation. */
async function sendAll(gateway: TestGateway, headers: Record<string, string>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const query of operations((sample) => gateway.samples[sample]))
    answers.push(await gateway.send({ query }, { headers }));
  return answers;
}

/** All that left: bodies, headers and the log, errors in it with their causes and stacks. */
function leftBy({ logs, told }: TestGateway, answers: readonly Answer[]): string {
  const shown = answers.map(({ text, headers }) => [text, [...headers]]);
  const options = { depth: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity, showHidden: true };
  return inspect([shown, logs, told], options) + answers.map(({ text }) => text).join('\n');
}

const foundIn = (text: string): string[] => SECRETS.filter((secret) => text.includes(secret));

/** Whatever it is asked, upstream answers so; a header of each name that one might look at says it all. */
function answering(status: number, body: string, says: string): () => Transport {
  const names = 'cf-ray retry-after location content-type date ratelimit ratelimit-policy set-cookie'.split(' ');
  const headers = Object.fromEntries(names.map((name) => [name, says]));
  return () => async () => ({ status, headers, body });
}

/** What such an answer may consist of. */
function bodiesOf(says: string): [name: string, body: string][] {
  const error = { code: says, message: says, documentation_url: says, source: { pointer: says } };
  const rows = [says, [says], { [says]: says }, null];
  const bodies: [string, unknown][] = [
    ['an error', { success: false, error }],
    ['a list of errors', { success: false, errors: [error, error], messages: [says], result: null }],
    ['errors that are texts', { success: false, errors: [says], error: says, message: says }],
    ['an error whose code is a status', { success: false, errors: [{ ...error, code: '409' }] }],
    ['data of the wrong kind', { success: true, data: says, paging: says }],
    ['rows of the wrong kind', { success: true, data: rows, paging: { total_count: says } }],
    ['an object of no kind', { success: true, data: { [says]: says, livestream: says, livestreams: says } }],
    ['another object', { [says]: { [says]: says } }],
    ['a text in JSON', says],
  ];
  return [
    ...bodies.map(([name, body]): [string, string] => [name, JSON.stringify(body)]),
    ['a page', `<!doctype html><title>${says}</title><a href="${says}">${says}</a>`],
    ['half an answer', `{"success":true,"data":{"id":"${says}`],
  ];
}

const STATUSES = [200, 204, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503];

// An API key is asked for with the same token as none.
describe.each(WAYS.slice(0, 2))('whatever upstream says, no secret leaves: AUTH %s', (_way, auth, headers, token) => {
  const says = wordsOf(token);
  test.each(STATUSES)('under the status %i', async (status) => {
    // The sandbox is asked nothing: one is enough.
    const beside = await startTestGateway();
    for (const [name, body] of bodiesOf(says)) {
      const gateway = await startGuarded(auth, { intercept: answering(status, body, says), beside });
      const answers = await sendAll(gateway, { ...headers, ...REPORT });
      expect([name, ...foundIn(leftBy(gateway, answers))]).toEqual([name]);
      expect(answers.every((answer) => answer.status === 200)).toBe(true);
    }
  });

  const causes = (request: TransportRequest): Error[] => {
    const words = `GET ${request.url} ${JSON.stringify(request)} ${says}`;
    const cause = Object.assign(new Error(words), { code: 'ECONNRESET', request, hostname: says });
    return [cause, new AggregateError([cause], words, { cause })];
  };
  const failures = ['connect', 'interrupted', 'too-large'] as const;
  test.each(failures)('when the transport fails: %s', async (failure) => {
    for (const index of [0, 1]) {
      const gateway = await startGuarded(auth, {
        intercept: () => async (request) => {
          throw new TransportError(failure, 'It failed', { cause: causes(request)[index] });
        },
      });
      const answers = [...(await sendAll(gateway, headers)), ...(await sendAll(gateway, { ...headers, ...REPORT }))];
      expect(foundIn(leftBy(gateway, answers))).toEqual([]);
      expect(answers[0]?.errors.length).toBeGreaterThan(0);
    }
  });
});

/** Fields whose text is the caller's own data, and is told as it is. */
const TOLD = /^(id|meeting_id|livestream_id|name|title|ingest_server|stream_key|playback_url|err_message)$/;

/** A true answer in which each field in turn is not of its kind, beside fields that nobody knows. */
function spoilt(value: unknown, field: string, by: unknown): unknown {
  if (Array.isArray(value)) return value.map((row: unknown) => spoilt(row, field, by));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]: [string, unknown]) => [
    name,
    name === field ? by : spoilt(member, field, by),
  ]);
  return { ...Object.fromEntries(entries), token: SAYS, accountId: { [SAYS]: SAYS } };
}

const FIELDS =
  'id name status disabled ingest_server stream_key playback_url created_at updated_at meeting_id livestream_id err_message ingest_seconds viewer_seconds invoked_time started_time stopped_time title livestream session livestreams paging total_count start_offset success'.split(
    ' ',
  );
const WRONG: unknown[] = [{ [SAYS]: SAYS }, [SAYS], SAYS, `2026-01-15T12:00:00Z ${SAYS}`, `12 ${SAYS}`];

/** The text without the values of `streamKey`. */
const withoutKeys = (text: string): string => text.replaceAll(/"streamKey":"[^"]*"/g, '');

describe('a field that is not of its kind', () => {
  test.each(FIELDS)('is not told: %s', async (field) => {
    for (const by of WRONG.filter((wrong) => typeof wrong !== 'string' || !TOLD.test(field))) {
      const gateway = await startTestGateway({
        intercept: (send) => async (request) => {
          const response = await send(request);
          const body: unknown = JSON.parse(response.body);
          return { ...response, body: JSON.stringify(spoilt(body, field, by)) };
        },
      });
      const left = leftBy(gateway, await sendAll(gateway, {}));
      expect(foundIn(left)).toEqual([]);
      expect(withoutKeys(left)).not.toMatch(LIKE_A_STREAM_KEY);
    }
  });
});

describe('a stream key', () => {
  const KEYS = apiKeySettings({
    reader: ['livestream:read', 'livestream:write'],
    owner: ['livestream:read', 'livestream:write', 'livestream:secret'],
  });

  test('leaves as the streamKey of a caller who may have it, and in no other place', async () => {
    const gateway = await startGuarded(KEYS);
    const left = leftBy(gateway, await sendAll(gateway, { 'x-api-key': 'owner', ...REPORT }));
    expect(left).toMatch(LIKE_A_STREAM_KEY);
    expect(withoutKeys(left)).not.toMatch(LIKE_A_STREAM_KEY);
  });

  test('never leaves for one who may not, also after one who may', async () => {
    const gateway = await startGuarded(KEYS);
    await sendAll(gateway, { 'x-api-key': 'owner' });
    const left = leftBy(gateway, await sendAll(gateway, { 'x-api-key': 'reader', ...REPORT }));
    expect(left).not.toMatch(LIKE_A_STREAM_KEY);
    expect(left).not.toMatch(/rtmps:/);
  });
});

describe('what is kept in memory', () => {
  const placeOf = ({ method, url }: TransportRequest): string => method + new URL(url).pathname + new URL(url).search;

  const NOTHING: TransportResponse = { status: 404, headers: {}, body: '' };

  /** What the sandbox answers to every operation; its own memory is not the gateway's. */
  async function recorded() {
    const answers = new Map<string, TransportResponse>();
    const gateway = await startTestGateway({
      intercept: (send) => async (request) => {
        const answer = await send(request);
        answers.set(placeOf(request), answer);
        return answer;
      },
    });
    await sendAll(gateway, {});
    return answers;
  }

  test.each(WAYS)('is kept under no key that holds a secret: AUTH %s', async (_way, auth, headers) => {
    const answers = await recorded();
    const gateway = await startGuarded(auth, {
      intercept: () => async (request) => answers.get(placeOf(request)) ?? NOTHING,
    });
    const lru = vi.spyOn(LRUCache.prototype, 'set');
    const maps = vi.spyOn(Map.prototype, 'set');
    const given = await sendAll(gateway, headers);
    const keys = [...lru.mock.calls, ...maps.mock.calls].map(([key]: unknown[]) => inspect(key, { depth: 1 }));
    const kept = lru.mock.calls.length;
    vi.restoreAllMocks();

    expect(given.flatMap(({ errors }) => errors)).toEqual([]);
    expect(kept).toBeGreaterThan(20);
    expect(keys.filter((key) => foundIn(key).length > 0)).toEqual([]);
    expect(keys.filter((key) => LIKE_A_STREAM_KEY.test(key))).toEqual([]);
  });
});

describe('a token of a caller', () => {
  test('is in no answer and in no log, whatever becomes of it, and never goes upstream', async () => {
    const key = await signingKey('a');
    const sent: string[] = [];
    const gateway = await startGuarded(jwtSettings({ pem: key.pem }), {
      intercept: (send) => async (request) => {
        sent.push(JSON.stringify(request));
        return send(request);
      },
    });
    const now = gateway.clock.now();
    const scope = 'livestream:read livestream:write livestream:secret';
    const tokens = await Promise.all(
      [{ scope }, { scope: '' }, { exp: 1 }, { aud: SAYS }, { iss: SAYS }, { nbf: 4e9 }, { exp: SAYS }].map(
        async (claims) => signToken({ key, now, claims: { sub: SAYS, ...claims } }),
      ),
    );
    const answers: Answer[] = [];
    for (const token of tokens) answers.push(...(await sendAll(gateway, { authorization: `Bearer ${token}` })));
    const left = leftBy(gateway, answers) + sent.join('\n');

    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5 * 9);
    for (const part of tokens.flatMap((token) => token.split('.'))) expect(left).not.toContain(part);
    expect(left).not.toContain(SAYS.slice(0, 30));
  });

  test('is not in the log when the keys cannot be read, nor is where they are', async () => {
    const key = await signingKey('a');
    const jwksUrl = `https://user:pass-0f.jwks@keys.test/${ACCOUNT}/jwks?token=${BEARER}`;
    const gateway = await startGuarded(jwtSettings({ jwksUrl }), {
      intercept: () => async (request) => {
        const cause = new Error(`GET ${request.url}`, { cause: request });
        throw new TransportError('connect', 'No connection came about', { cause });
      },
    });
    const token = await signToken({ key, now: gateway.clock.now() });
    const left = leftBy(gateway, await sendAll(gateway, { authorization: `Bearer ${token}` }));

    expect(gateway.logs.length).toBeGreaterThan(0);
    for (const secret of [...SECRETS, 'pass-0f', 'keys.test', ...token.split('.')]) expect(left).not.toContain(secret);
  });
});
