import { inspect } from 'node:util';

import { LRUCache } from 'lru-cache';
import { afterEach, describe, expect, test, vi } from 'vitest';

import type { AuthSettings } from '../../src/auth/authenticate.ts';
import type { ExampleIds } from '../../src/sandbox/exampleIds.ts';
import {
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '../../src/realtimekit/transport.ts';
import { ACCOUNT, type TestResponse, APP, startTestGateway, type TestGateway, TOKEN } from '../support/gateway.ts';
import {
  apiKeySettings,
  jwtSettings,
  signingKey,
  signToken,
  startGatewayWithAuth,
} from '../support/identityProvider.ts';
import { someOf } from '../support/runs.ts';

const BEARER = 'bearer-0f.a-caller';
const API_KEY = 'key-0f.a-caller';
const STREAM_KEY = 'f26566285faca6fbe2e79a73a66rsrrsrrsr3cde23a2bb7dbc6c2c1761b98f4e4';
/** Matches the stream keys of the sandbox. */
const STREAM_KEY_PATTERN = /[0-9a-f]{64}/;

/** Text that contains `token` and every other secret known to upstream, in the forms that an API uses. */
const secretTextWith = (token: string): string =>
  [
    `token ${token}, account=${ACCOUNT} app:"${APP}" key ${STREAM_KEY}`,
    `authorization: Bearer ${token} (bearer  ${token})`,
    `https://api.test/client/v4/accounts/${ACCOUNT}/realtime/kit/${APP}/livestreams?token=${token}&key=${STREAM_KEY}`,
    `/accounts/${ACCOUNT}/realtime/kit/${APP} ${encodeURIComponent(`/accounts/${ACCOUNT}/?t=${token}`)}`,
    `rtmps://live.test:443/live/${STREAM_KEY} {"stream_key":"${STREAM_KEY}"}`,
  ].join(' | ');
const SECRET_TEXT = secretTextWith(TOKEN);

const SECRETS = [TOKEN, ACCOUNT, APP, BEARER, API_KEY, STREAM_KEY];

const SESSION =
  'id errorMessage ingestSeconds viewerSeconds invokedAt startedAt stoppedAt createdAt updatedAt livestream { id name }';
const LIVESTREAM = `id name status disabled ingestServer streamKey playbackUrl createdAt updatedAt meeting { id title } activeSession { ${SESSION} }`;
const PAGE = 'totalCount pageInfo { hasNextPage endCursor }';
const ERRORS = 'userErrors { code message field }';

/** Operations that select every field of the schema from every entry point. */
const operations = (id: (sample: keyof ExampleIds) => string): string[] => [
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

/** An authentication mode, the headers of its callers, and the token that the gateway sends upstream for them. */
type AuthMode = [name: string, auth: AuthSettings, headers: Record<string, string>, token: string];

const AUTH_MODES: AuthMode[] = [
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
async function sendAll(gateway: TestGateway, headers: Record<string, string>): Promise<TestResponse[]> {
  const responses: TestResponse[] = [];
  for (const query of operations((sample) => gateway.exampleIds[sample]))
    responses.push(await gateway.send({ query }, { headers }));
  return responses;
}

/** Everything that left the gateway: bodies, headers and log entries, with the causes and stacks of logged errors. */
function outputOf({ logs, operationLogs }: TestGateway, responses: readonly TestResponse[]): string {
  const shown = responses.map(({ text, headers }) => [text, [...headers]]);
  const options = { depth: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity, showHidden: true };
  return inspect([shown, logs, operationLogs], options) + responses.map(({ text }) => text).join('\n');
}

const secretsIn = (text: string): string[] => SECRETS.filter((secret) => text.includes(secret));

/** A transport whose every response has this status and body, and `secretText` in each header that the gateway could read. */
function respondWith(status: number, body: string, secretText: string): () => Transport {
  const names = 'cf-ray retry-after location content-type date ratelimit ratelimit-policy set-cookie'.split(' ');
  const headers = Object.fromEntries(names.map((name) => [name, secretText]));
  return () => async () => ({ status, headers, body });
}

/** Response bodies with `secretText` wherever a response can contain text. */
function bodiesOf(secretText: string): [name: string, body: string][] {
  const error = {
    code: secretText,
    message: secretText,
    documentation_url: secretText,
    source: { pointer: secretText },
  };
  const rows = [secretText, [secretText], { [secretText]: secretText }, null];
  const bodies: [string, unknown][] = [
    ['an error', { success: false, error }],
    ['a list of errors', { success: false, errors: [error, error], messages: [secretText], result: null }],
    ['errors that are strings', { success: false, errors: [secretText], error: secretText, message: secretText }],
    ['an error whose code is a status', { success: false, errors: [{ ...error, code: '409' }] }],
    ['data of the wrong type', { success: true, data: secretText, paging: secretText }],
    ['rows of the wrong type', { success: true, data: rows, paging: { total_count: secretText } }],
    [
      'an object with unknown members',
      { success: true, data: { [secretText]: secretText, livestream: secretText, livestreams: secretText } },
    ],
    ['no envelope', { [secretText]: { [secretText]: secretText } }],
    ['a JSON string', secretText],
  ];
  return [
    ...bodies.map(([name, body]): [string, string] => [name, JSON.stringify(body)]),
    ['an HTML page', `<!doctype html><title>${secretText}</title><a href="${secretText}">${secretText}</a>`],
    ['truncated JSON', `{"success":true,"data":{"id":"${secretText}`],
  ];
}

const STATUSES = [200, 204, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503];

// `api-key` is left out because it sends the same token upstream as `none`.
describe.each(AUTH_MODES.slice(0, 2))(
  'a secret that upstream repeats, with AUTH=%s,',
  (_name, auth, headers, token) => {
    const secretText = secretTextWith(token);
    // Each body comes with some of the statuses, or with all of them in a thorough run.
    test.each(STATUSES)('does not leave in a response to a %i from upstream', async (status) => {
      // The intercepted transport never reaches the sandbox, so one sandbox is enough.
      const sandboxGateway = await startTestGateway();
      for (const [name, body] of someOf(bodiesOf(secretText), STATUSES.indexOf(status))) {
        const gateway = await startGatewayWithAuth(auth, {
          intercept: respondWith(status, body, secretText),
          sandboxOf: sandboxGateway,
        });
        const responses = await sendAll(gateway, { ...headers, ...REPORT });
        expect([name, ...secretsIn(outputOf(gateway, responses))]).toEqual([name]);
        expect(responses.every((response) => response.status === 200)).toBe(true);
      }
    });

    const causesOf = (request: TransportRequest): Error[] => {
      const message = `GET ${request.url} ${JSON.stringify(request)} ${secretText}`;
      const cause = Object.assign(new Error(message), { code: 'ECONNRESET', request, hostname: secretText });
      return [cause, new AggregateError([cause], message, { cause })];
    };
    const failures = ['connect', 'interrupted', 'too-large'] as const;
    test.each(failures)('does not leave when the transport fails with %s', async (failure) => {
      for (const index of [0, 1]) {
        const gateway = await startGatewayWithAuth(auth, {
          intercept: () => async (request) => {
            throw new TransportError(failure, 'It failed', { cause: causesOf(request)[index] });
          },
        });
        const responses = [
          ...(await sendAll(gateway, headers)),
          ...(await sendAll(gateway, { ...headers, ...REPORT })),
        ];
        expect(secretsIn(outputOf(gateway, responses))).toEqual([]);
        expect(responses[0]?.errors.length).toBeGreaterThan(0);
      }
    });
  },
);

/** Fields whose text is the caller's own data, which the gateway returns unchanged. */
const FREE_TEXT_FIELDS = /^(id|meeting_id|livestream_id|name|title|ingest_server|stream_key|playback_url|err_message)$/;

/** A valid response in which the value of `field` is replaced, and every object has unknown members. */
function withWrongValue(value: unknown, field: string, replacement: unknown): unknown {
  if (Array.isArray(value)) return value.map((row: unknown) => withWrongValue(row, field, replacement));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]: [string, unknown]) => [
    name,
    name === field ? replacement : withWrongValue(member, field, replacement),
  ]);
  return { ...Object.fromEntries(entries), token: SECRET_TEXT, accountId: { [SECRET_TEXT]: SECRET_TEXT } };
}

const REST_FIELDS =
  'id name status disabled ingest_server stream_key playback_url created_at updated_at meeting_id livestream_id err_message ingest_seconds viewer_seconds invoked_time started_time stopped_time title livestream session livestreams paging total_count start_offset success'.split(
    ' ',
  );
const WRONG_VALUES: unknown[] = [
  { [SECRET_TEXT]: SECRET_TEXT },
  [SECRET_TEXT],
  SECRET_TEXT,
  `2026-01-15T12:00:00Z ${SECRET_TEXT}`,
  `12 ${SECRET_TEXT}`,
];

/** The text without the values of `streamKey` fields. */
const withoutKeys = (text: string): string => text.replaceAll(/"streamKey":"[^"]*"/g, '');

describe('an upstream field with a value of the wrong type', () => {
  test.each(REST_FIELDS)('does not leave the gateway: %s', async (field) => {
    for (const replacement of WRONG_VALUES.filter(
      (value) => typeof value !== 'string' || !FREE_TEXT_FIELDS.test(field),
    )) {
      const gateway = await startTestGateway({
        intercept: (send) => async (request) => {
          const response = await send(request);
          const body: unknown = JSON.parse(response.body);
          return { ...response, body: JSON.stringify(withWrongValue(body, field, replacement)) };
        },
      });
      const output = outputOf(gateway, await sendAll(gateway, {}));
      expect(secretsIn(output)).toEqual([]);
      expect(withoutKeys(output)).not.toMatch(STREAM_KEY_PATTERN);
    }
  });
});

describe('a stream key', () => {
  const KEYS = apiKeySettings({
    reader: ['livestream:read', 'livestream:write'],
    owner: ['livestream:read', 'livestream:write', 'livestream:secret'],
  });

  test('leaves only in the streamKey field of a caller with the secret scope', async () => {
    const gateway = await startGatewayWithAuth(KEYS);
    const output = outputOf(gateway, await sendAll(gateway, { 'x-api-key': 'owner', ...REPORT }));
    expect(output).toMatch(STREAM_KEY_PATTERN);
    expect(withoutKeys(output)).not.toMatch(STREAM_KEY_PATTERN);
  });

  test('does not leave for a caller without the secret scope, even after a caller with the scope', async () => {
    const gateway = await startGatewayWithAuth(KEYS);
    await sendAll(gateway, { 'x-api-key': 'owner' });
    const output = outputOf(gateway, await sendAll(gateway, { 'x-api-key': 'reader', ...REPORT }));
    expect(output).not.toMatch(STREAM_KEY_PATTERN);
    expect(output).not.toMatch(/rtmps:/);
  });
});

describe('the caches of the gateway', () => {
  const requestKeyOf = ({ method, url }: TransportRequest): string =>
    method + new URL(url).pathname + new URL(url).search;

  const NOT_FOUND: TransportResponse = { status: 404, headers: {}, body: '' };

  /** The sandbox's responses to all operations. Replaying them keeps the sandbox's own maps out of the measurement. */
  async function recordResponses() {
    const responses = new Map<string, TransportResponse>();
    const gateway = await startTestGateway({
      intercept: (send) => async (request) => {
        const response = await send(request);
        responses.set(requestKeyOf(request), response);
        return response;
      },
    });
    await sendAll(gateway, {});
    return responses;
  }

  test.each(AUTH_MODES)('have no key that contains a secret with AUTH=%s', async (_name, auth, headers) => {
    const responses = await recordResponses();
    const gateway = await startGatewayWithAuth(auth, {
      intercept: () => async (request) => responses.get(requestKeyOf(request)) ?? NOT_FOUND,
    });
    const lru = vi.spyOn(LRUCache.prototype, 'set');
    const maps = vi.spyOn(Map.prototype, 'set');
    const results = await sendAll(gateway, headers);
    const keys = [...lru.mock.calls, ...maps.mock.calls].map(([key]: unknown[]) => inspect(key, { depth: 1 }));
    const cachedCount = lru.mock.calls.length;
    vi.restoreAllMocks();

    expect(results.flatMap(({ errors }) => errors)).toEqual([]);
    expect(cachedCount).toBeGreaterThan(20);
    expect(keys.filter((key) => secretsIn(key).length > 0)).toEqual([]);
    expect(keys.filter((key) => STREAM_KEY_PATTERN.test(key))).toEqual([]);
  });
});

describe("a caller's JWT", () => {
  test('appears in no response, no log entry and no upstream request, whether accepted or rejected', async () => {
    const key = await signingKey('a');
    const sent: string[] = [];
    const gateway = await startGatewayWithAuth(jwtSettings({ pem: key.pem }), {
      intercept: (send) => async (request) => {
        sent.push(JSON.stringify(request));
        return send(request);
      },
    });
    const now = gateway.clock.now();
    const scope = 'livestream:read livestream:write livestream:secret';
    const tokens = await Promise.all(
      [
        { scope },
        { scope: '' },
        { exp: 1 },
        { aud: SECRET_TEXT },
        { iss: SECRET_TEXT },
        { nbf: 4e9 },
        { exp: SECRET_TEXT },
      ].map(async (claims) => signToken({ key, now, claims: { sub: SECRET_TEXT, ...claims } })),
    );
    const responses: TestResponse[] = [];
    for (const token of tokens) responses.push(...(await sendAll(gateway, { authorization: `Bearer ${token}` })));
    const output = outputOf(gateway, responses) + sent.join('\n');

    expect(responses.filter(({ status }) => status === 401)).toHaveLength(5 * 9);
    for (const part of tokens.flatMap((token) => token.split('.'))) expect(output).not.toContain(part);
    expect(output).not.toContain(SECRET_TEXT.slice(0, 30));
  });

  test('does not appear in the log when the key set cannot be fetched, nor does the URL of the key set', async () => {
    const key = await signingKey('a');
    const jwksUrl = `https://user:pass-0f.jwks@keys.test/${ACCOUNT}/jwks?token=${BEARER}`;
    const gateway = await startGatewayWithAuth(jwtSettings({ jwksUrl }), {
      intercept: () => async (request) => {
        const cause = new Error(`GET ${request.url}`, { cause: request });
        throw new TransportError('connect', 'No connection came about', { cause });
      },
    });
    const token = await signToken({ key, now: gateway.clock.now() });
    const output = outputOf(gateway, await sendAll(gateway, { authorization: `Bearer ${token}` }));

    expect(gateway.logs.length).toBeGreaterThan(0);
    for (const secret of [...SECRETS, 'pass-0f', 'keys.test', ...token.split('.')])
      expect(output).not.toContain(secret);
  });
});
