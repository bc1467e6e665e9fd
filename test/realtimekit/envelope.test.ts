import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/domain/errors.ts';
import { type ResponseContext, unwrapResponse } from '../../src/realtimekit/envelope.ts';
import { runs } from '../support/runs.ts';
import { APP } from '../support/upstream.ts';

const secrets = [APP.token, APP.accountId, APP.appId];
const html = '<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>';

function unwrap(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  context: Partial<ResponseContext> = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return unwrapResponse({ status, headers, body: text }, { secrets, ...context });
}

/** The error that a response is unwrapped to; throws if there is none. */
function failure(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  context: Partial<ResponseContext> = {},
): UpstreamError {
  try {
    unwrap(status, body, headers, context);
  } catch (error) {
    if (error instanceof UpstreamError) return error;
    throw error;
  }
  throw new Error('The response was accepted.');
}

const error = { code: 4031, message: 'No such thing' };

describe('a successful response', () => {
  test.each([
    ['data', { success: true, data: { id: 'a' } }, { data: { id: 'a' }, paging: null }],
    ['result', { success: true, result: { id: 'a' } }, { data: { id: 'a' }, paging: null }],
    ['data without success', { data: [] }, { data: [], paging: null }],
    ['paging beside a list', { success: true, data: [1], paging: { a: 1 } }, { data: [1], paging: { a: 1 } }],
    ['null', { success: true, data: null }, { data: null, paging: null }],
    ['only success', { success: true }, { data: null, paging: null }],
    ['the general format', { success: true, errors: [], messages: [], result: 0 }, { data: 0, paging: null }],
  ])('is unwrapped: %s', (_format, body, envelope) => {
    expect(unwrap(200, body)).toEqual(envelope);
    expect(unwrap(201, body)).toEqual(envelope);
  });

  test('has neither data nor paging if its status is 204', () => {
    expect(unwrap(204, '')).toEqual({ data: null, paging: null });
    // An empty list, and analytics, have content.
    expect(failure(204, '', {}, { isCollection: true })).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  });
});

describe('a response of status 404', () => {
  test.each([
    ['with an error', { success: false, error }],
    ['with an error in the general format', { success: false, errors: [error], messages: [], result: null }],
    ['with an empty object', {}],
    ['with no body', ''],
    ['with a blank body', ' \r\n'],
  ])('is null: %s', (_what, body) => {
    expect(unwrap(404, body)).toBeNull();
  });

  test('is null if the HTTP status is 200 and the status 404 is in the error', () => {
    expect(unwrap(200, { success: false, errors: [{ code: 404, message: 'Not found' }] })).toBeNull();
  });

  test("is an error if its body is not the API's JSON", () => {
    expect(failure(404, html)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', outcome: 'rejected' });
    expect(failure(404, '404 page not found')).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
    for (const foreign of [{ message: 'no Route matched with those values' }, { status: 404, error: 'Not Found' }])
      expect(failure(404, foreign)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', outcome: 'rejected' });
  });
});

describe("a response that is not the API's JSON", () => {
  test.each([
    ['HTML', html],
    ['an empty body', ''],
    ['truncated JSON', '{"success":tru'],
    ['a list', []],
    ['a string', '"data"'],
    ['null', 'null'],
    ['an object without an envelope', { status: 'ok' }],
  ])('fails with an unknown outcome if its status is 200 and its body is %s', (_body, body) => {
    const failed = failure(200, body);
    expect(failed).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', outcome: 'unknown' });
    expect(failed.extensions).toMatchObject({ retryable: false, upstream: { status: 200, code: null, message: null } });
  });

  test('is not quoted in the error', () => {
    expect(JSON.stringify(failure(200, html).extensions) + failure(200, html).message).not.toContain('gateway</h1>');
  });
});

describe('a rejection of the token or of the address', () => {
  const general = (code: number) => ({ success: false, errors: [{ code, message: 'No' }], messages: [], result: null });
  const TOKEN_REJECTIONS: [number, unknown, string][] = [
    [401, general(10_000), 'UNAUTHENTICATED'],
    [401, '', 'UNAUTHENTICATED'],
    [400, general(6003), 'UNAUTHENTICATED'],
    [400, general(6111), 'UNAUTHENTICATED'],
    [400, general(10_001), 'UNAUTHENTICATED'],
    [403, general(9109), 'FORBIDDEN'],
    [403, general(10_000), 'FORBIDDEN'],
    [400, general(10_000), 'FORBIDDEN'],
    [403, { success: false, error: { code: 403, message: 'No' } }, 'FORBIDDEN'],
    [200, general(9109), 'FORBIDDEN'],
    [200, general(401), 'UNAUTHENTICATED'],
    [400, { success: false, errors: [{ error_chain: [{ code: 6111 }] }] }, 'UNAUTHENTICATED'],
    [400, { success: false, error: { code: '1000', error_chain: [error, { code: '10000' }] } }, 'FORBIDDEN'],
    [400, { success: false, errors: [error, { code: 10_000, message: 'Authentication error' }] }, 'FORBIDDEN'],
    [400, { success: false, errors: { code: 9109, message: 'Invalid access token' } }, 'FORBIDDEN'],
  ];

  test.each(TOKEN_REJECTIONS)('blames the token, whoever it belongs to: %i %j', (status, body, callersCode) => {
    const own = failure(status, body);
    expect(own).toMatchObject({
      code: 'UPSTREAM_INVALID_RESPONSE',
      outcome: 'rejected',
      reason: { cause: 'token' },
      message: expect.stringContaining('CLOUDFLARE_API_TOKEN') as unknown,
    });
    const callers = failure(status, body, {}, { isCallersToken: true });
    expect(callers).toMatchObject({ code: callersCode, outcome: 'rejected', reason: { cause: 'token' } });
    expect(callers.message).not.toContain('CLOUDFLARE_');
  });

  test.each([
    [400, general(7003)],
    [404, general(7003)],
    [404, general(7000)],
    [200, general(7003)],
  ])('blames the ids, and never the caller: %i %j', (status, body) => {
    for (const isCallersToken of [false, true]) {
      expect(failure(status, body, {}, { isCallersToken })).toMatchObject({
        code: 'UPSTREAM_INVALID_RESPONSE',
        outcome: 'rejected',
        reason: { cause: 'address' },
        message: expect.stringContaining('CLOUDFLARE_ACCOUNT_ID and REALTIMEKIT_APP_ID') as unknown,
      });
    }
  });

  test.each([
    ['a 404', 404, { success: false, error: { code: 404, message: 'Not found' } }],
    ['an empty 404', 404, ''],
    ['a 404 under HTTP 200', 200, general(404)],
  ])('blames the ids if a collection is not found: %s', (_what, status, body) => {
    expect(unwrap(status, body)).toBeNull();
    expect(failure(status, body, {}, { isCollection: true })).toMatchObject({ reason: { cause: 'address' } });
  });

  test.each([
    [500, general(10_000)],
    [502, general(7003)],
    [403, html],
    [403, { message: 'Forbidden' }],
    [400, general(1004)],
    [422, general(9999)],
  ])('is not seen in another failure: %i %j', (status, body) => {
    expect(failure(status, body).reason).toBeUndefined();
  });
});

describe('an error status', () => {
  test.each([
    [400, 'BAD_USER_INPUT', 'rejected'],
    [401, 'UPSTREAM_INVALID_RESPONSE', 'rejected'],
    [403, 'UPSTREAM_INVALID_RESPONSE', 'rejected'],
    [405, 'UPSTREAM_INVALID_RESPONSE', 'rejected'],
    [408, 'UPSTREAM_TIMEOUT', 'unknown'],
    [409, 'BAD_USER_INPUT', 'rejected'],
    [422, 'BAD_USER_INPUT', 'rejected'],
    [429, 'RATE_LIMITED', 'rejected'],
    [500, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [502, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [503, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [504, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [524, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [301, 'UPSTREAM_INVALID_RESPONSE', 'rejected'],
    [302, 'UPSTREAM_INVALID_RESPONSE', 'rejected'],
    [307, 'UPSTREAM_INVALID_RESPONSE', 'rejected'],
  ])('%i becomes %s with the outcome %s', (status, code, outcome) => {
    const bodies = [
      { success: false, error },
      { success: false, errors: [error], result: null },
    ];
    for (const body of code === 'BAD_USER_INPUT' ? bodies : [...bodies, html, '']) {
      const failed = failure(status, body);
      expect(failed).toMatchObject({ code, outcome, upstream: { status } });
      const isRetryable = ['RATE_LIMITED', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE'].includes(code);
      expect(failed.extensions).toMatchObject({ code, retryable: isRetryable });
    }
  });

  test.each([400, 409, 422])('%i from a proxy does not blame the caller', (status) => {
    for (const body of [html, '', '{}', { message: 'Bad request' }])
      expect(failure(status, body)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', outcome: 'rejected' });
  });

  test.each([
    { success: true, errors: [error], result: null },
    { errors: [error], result: null },
    { error, data: null },
  ])('of 200 with errors in place of data becomes an error, not "nothing": %j', (body) => {
    expect(failure(200, body)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'unknown' });
  });

  test('of a redirect becomes an error that does not contain the location', () => {
    const location = 'https://elsewhere.example/accounts/x';
    const failed = failure(302, '', { location });
    expect(JSON.stringify([failed.extensions, failed.message])).not.toContain('elsewhere');
  });

  test("of 200 with success: false becomes an error, by the response's own code if that is an HTTP status", () => {
    expect(failure(200, { success: false })).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'unknown' });
    expect(failure(200, { success: false, error })).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'unknown' });
    const conflict = failure(200, { success: false, errors: [{ code: 409, message: 'Live already' }] });
    expect(conflict).toMatchObject({ code: 'BAD_USER_INPUT', outcome: 'rejected' });
    expect(conflict.upstream).toEqual({ status: 200, code: 409, message: 'Live already', ray: null });
    expect(failure(200, { success: false, error: { code: '401' }, data: {} })).toMatchObject({
      reason: { cause: 'token', code: '401' },
    });
  });
});

describe('the details of an error', () => {
  test("have RealtimeKit's code and message, from either format", () => {
    const upstream = { status: 400, code: 4031, message: 'No such thing', ray: null };
    expect(failure(400, { success: false, error }).upstream).toEqual(upstream);
    expect(failure(400, { success: false, errors: [null, error] }).upstream).toEqual(upstream);
    expect(failure(400, { success: false, errors: [] }).upstream).toEqual({ ...upstream, code: null, message: null });
    const odd = { code: { valueOf: 1, toString: 1 }, message: ['a'] };
    expect(failure(400, { success: false, error: odd }).upstream).toEqual({ ...upstream, code: null, message: null });
  });

  test('have the ray if it is valid', () => {
    const rayOf = (ray: string) => failure(500, '', { 'cf-ray': ray }).upstream?.ray;
    expect(rayOf('8f3a000000010000-LIS')).toBe('8f3a000000010000-LIS');
    expect(rayOf('8f3a000000010000')).toBe('8f3a000000010000');
    expect(rayOf(APP.token)).toBeNull();
    expect(failure(500, '').upstream?.ray).toBeNull();
  });

  test.each([
    [429, '7', 7],
    [429, '0', 0],
    [503, '120', 120],
    [429, 'Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    [429, '-1', undefined],
    [429, '1.5', undefined],
    [429, '12345678', undefined],
    [429, '', undefined],
    [502, '7', undefined],
  ])('of status %i with retry-after %j have retryAfterSeconds %j', (status, header, seconds) => {
    const failed = failure(status, '', { 'retry-after': header });
    expect(failed.retryAfterSeconds).toBe(seconds);
    expect(failed.extensions['retryAfterSeconds']).toBe(seconds);
  });

  const streamKey = 'f26566285faca6fbe2e79a73a66rsrrsrrsr3cde23a2bb7dbc6c2c1761b98f4e4';

  test.each([
    ['the token', APP.token],
    ['the account', APP.accountId],
    ['the app', APP.appId],
    ['a stream key', streamKey],
    ['a URL with the account', `https://api.cloudflare.com/client/v4/accounts/${APP.accountId}/realtime`],
    ['a bearer token', 'Bearer another-token'],
  ])('never contain %s', (_what, secret) => {
    const quoted = { code: `E ${secret}`, message: `It is "${secret}", they say` };
    for (const status of [200, 400, 404, 429, 500]) {
      const body = status === 404 ? `${html}${secret}` : { success: false, errors: [quoted], note: secret };
      const failed = failure(status, body, { 'cf-ray': secret, location: secret, 'retry-after': secret });
      const shown = JSON.stringify([failed.extensions, failed.message]);
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain(APP.accountId);
    }
  });
});

/** Whether a response is accepted only if its status allows that, and otherwise fails with an error that has its status. */
function isHandled(status: number, body: string, headers: Record<string, string>): boolean {
  try {
    return unwrap(status, body, headers) === null ? status === 404 : status < 300;
  } catch (error) {
    return error instanceof UpstreamError && error.upstream?.status === status;
  }
}

test('any response is unwrapped, null, or an UpstreamError', () => {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record(
        {
          success: fc.oneof(fc.boolean(), fc.jsonValue()),
          data: fc.jsonValue(),
          result: fc.jsonValue(),
          error: fc.jsonValue(),
          errors: fc.jsonValue(),
          paging: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((envelope) => JSON.stringify(envelope)),
  );
  const headers = fc.dictionary(fc.constantFrom('retry-after', 'cf-ray', 'location', 'date'), fc.string());
  const property = fc.property(fc.integer({ min: 200, max: 599 }), body, headers, (status, body, headers) => {
    expect(isHandled(status, body, headers)).toBe(true);
  });
  expect.hasAssertions();
  fc.assert(property, { numRuns: runs(200) });
});
