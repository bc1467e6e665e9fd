import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/domain/errors.ts';
import { unwrapResponse } from '../../src/realtimekit/envelope.ts';
import { runs } from '../support/runs.ts';
import { APP } from '../support/upstream.ts';

const secrets = [APP.token, APP.accountId, APP.appId];
const html = '<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>';

function read(status: number, body: unknown, headers: Record<string, string> = {}) {
  return unwrapResponse({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, secrets);
}

/** The error of an answer that has to fail. */
function failure(status: number, body: unknown, headers: Record<string, string> = {}): UpstreamError {
  try {
    read(status, body, headers);
  } catch (error) {
    if (error instanceof UpstreamError) return error;
    throw error;
  }
  throw new Error('The answer was read.');
}

const error = { code: 4031, message: 'No such thing' };

describe('what is in the envelope', () => {
  test.each([
    ['data', { success: true, data: { id: 'a' } }, { data: { id: 'a' }, paging: null }],
    ['result', { success: true, result: { id: 'a' } }, { data: { id: 'a' }, paging: null }],
    ['data without success', { data: [] }, { data: [], paging: null }],
    ['paging beside a list', { success: true, data: [1], paging: { a: 1 } }, { data: [1], paging: { a: 1 } }],
    ['null', { success: true, data: null }, { data: null, paging: null }],
    ['nothing but success', { success: true }, { data: null, paging: null }],
    ['the general form', { success: true, errors: [], messages: [], result: 0 }, { data: 0, paging: null }],
  ])('%s', (_what, body, answer) => {
    expect(read(200, body)).toEqual(answer);
    expect(read(201, body)).toEqual(answer);
  });

  test('204 has none', () => {
    expect(read(204, '')).toEqual({ data: null, paging: null });
  });
});

describe('"not found" is null', () => {
  test.each([
    ['with an error', { success: false, error }],
    ['in the general form', { success: false, errors: [error], messages: [], result: null }],
    ['with an empty object', {}],
    ['with no body', ''],
    ['with a blank body', ' \r\n'],
  ])('%s', (_what, body) => {
    expect(read(404, body)).toBeNull();
  });

  test('also where HTTP says 200 and the error says 404', () => {
    expect(read(200, { success: false, errors: [{ code: 404, message: 'Not found' }] })).toBeNull();
  });

  test("but a page of somebody else's is an error", () => {
    expect(failure(404, html)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', outcome: 'rejected' });
    expect(failure(404, '404 page not found')).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  });
});

describe("an answer that is not the API's", () => {
  test.each([
    ['HTML', html],
    ['nothing', ''],
    ['half of its JSON', '{"success":tru'],
    ['a list', []],
    ['a text', '"data"'],
    ['null', 'null'],
    ['an object of another kind', { status: 'ok' }],
  ])('%s under 200 cannot be read, and may have been carried out', (_what, body) => {
    const failed = failure(200, body);
    expect(failed).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', outcome: 'unknown' });
    expect(failed.extensions).toMatchObject({ retryable: false, upstream: { status: 200, code: null, message: null } });
  });

  test('is not quoted', () => {
    expect(JSON.stringify(failure(200, html).extensions) + failure(200, html).message).not.toContain('gateway</h1>');
  });
});

describe('each status', () => {
  test.each([
    [400, 'BAD_USER_INPUT', 'rejected'],
    [401, 'UNAUTHENTICATED', 'rejected'],
    [403, 'FORBIDDEN', 'rejected'],
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
  ])('%i is %s, and the request was %s', (status, code, outcome) => {
    for (const body of [{ success: false, error }, { success: false, errors: [error], result: null }, html, '']) {
      const failed = failure(status, body);
      expect(failed).toMatchObject({ code, outcome, upstream: { status } });
      const isRetryable = ['RATE_LIMITED', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE'].includes(code);
      expect(failed.extensions).toMatchObject({ code, retryable: isRetryable });
    }
  });

  test('a redirect does not tell where it leads', () => {
    const location = 'https://elsewhere.example/accounts/x';
    const failed = failure(302, '', { location });
    expect(JSON.stringify([failed.extensions, failed.message])).not.toContain('elsewhere');
  });

  test("success: false under 200 is an error, by its own code where that is a status' number", () => {
    expect(failure(200, { success: false })).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'unknown' });
    expect(failure(200, { success: false, error })).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'unknown' });
    const conflict = failure(200, { success: false, errors: [{ code: 409, message: 'Live already' }] });
    expect(conflict).toMatchObject({ code: 'BAD_USER_INPUT', outcome: 'rejected' });
    expect(conflict.upstream).toEqual({ status: 200, code: 409, message: 'Live already', ray: null });
    expect(failure(200, { success: false, error: { code: '401' }, data: {} })).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });
});

describe('what an error tells', () => {
  test("upstream's code and words, from either form", () => {
    const upstream = { status: 400, code: 4031, message: 'No such thing', ray: null };
    expect(failure(400, { success: false, error }).upstream).toEqual(upstream);
    expect(failure(400, { success: false, errors: [null, error] }).upstream).toEqual(upstream);
    expect(failure(400, { success: false, errors: [] }).upstream).toEqual({ ...upstream, code: null, message: null });
    const odd = { code: { deep: true }, message: ['a'] };
    expect(failure(400, { success: false, error: odd }).upstream).toEqual({ ...upstream, code: null, message: null });
  });

  test('the ray, where it is one', () => {
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
  ])('%i with retry-after %j: %j seconds', (status, header, seconds) => {
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
    ['an address with the account', `https://api.cloudflare.com/client/v4/accounts/${APP.accountId}/realtime`],
    ['a bearer', 'Bearer another-token'],
  ])('never %s', (_what, secret) => {
    const said = { code: `E ${secret}`, message: `It is "${secret}", they say` };
    for (const status of [200, 400, 404, 429, 500]) {
      const body = status === 404 ? `${html}${secret}` : { success: false, errors: [said], note: secret };
      const failed = failure(status, body, { 'cf-ray': secret, location: secret, 'retry-after': secret });
      const shown = JSON.stringify([failed.extensions, failed.message]);
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain(APP.accountId);
    }
  });
});

/** Whether an answer is read as its status allows, or fails as it should. */
function outcome(status: number, body: string, headers: Record<string, string>): boolean {
  try {
    return read(status, body, headers) === null ? status === 404 : status < 300;
  } catch (error) {
    return error instanceof UpstreamError && error.upstream?.status === status;
  }
}

test('whatever comes, it is an answer, nothing, or an UpstreamError', () => {
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
    expect(outcome(status, body, headers)).toBe(true);
  });
  expect.hasAssertions();
  fc.assert(property, { numRuns: runs(200) });
});
