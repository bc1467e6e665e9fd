import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact } from '../../src/realtimekit/redact.ts';
import { runs } from '../support/runs.ts';
import { APP } from '../support/upstream.ts';

const secrets = [APP.token, APP.accountId, APP.appId];
const streamKey = 'f26566285faca6fbe2e79a73a66rsrrsrrsr3cde23a2bb7dbc6c2c1761b98f4e4';

describe('redact', () => {
  test.each([
    ['the token', `Token ${APP.token} is no good`, 'Token [redacted] is no good'],
    ['the account', `No account ${APP.accountId}.`, 'No account [redacted].'],
    ['the app', `App=${APP.appId}!`, 'App=[redacted]!'],
    ['a stream key', `Key ${streamKey} is taken`, 'Key [redacted] is taken'],
    ['another account', 'No account 9b1e4b0e8a3c6f0d5c1a7e112ed2a2c4.', 'No account [redacted].'],
    ['Base64', 'Got "c2VjcmV0IG9mIH+zb21lYm9keSBlbA==" instead', 'Got "[redacted]" instead'],
    ['another bearer token', 'Got "authorization: Bearer abc.def" instead', 'Got "authorization: [redacted] instead'],
    ['a URL', `See https://api.cloudflare.com/client/v4/accounts/x/y for it`, 'See [address] for it'],
    ['an ingest URL', 'To rtmps://live.cloudflare.com:443/live/key now', 'To [address] now'],
    ['a path with an account id', 'GET /accounts/other/realtime/kit failed', 'GET [address] failed'],
  ])('removes %s', (_what, text, cleaned) => {
    expect(redact(text, secrets)).toBe(cleaned);
  });

  test('removes a short secret each time, and leaves no part of one where it cuts a very long text', () => {
    const secret = 'tok-5e.cret';
    expect(redact(`${secret} is not ${secret}`, [secret])).toBe('[redacted] is not [redacted]');
    expect(redact(`${'x'.repeat(1990)} ${secret}`, [secret])).toBe('[redacted] ');
  });

  test('preserves words, numbers and the ids of meetings', () => {
    const text = 'Meeting 7088bba8-f522-49a8-b59b-3cd0e946bbb0 is not live (code 4031).';
    expect(redact(text, secrets)).toBe(text);
  });

  test('truncates a long text', () => {
    expect(redact('ab '.repeat(1000), secrets)).toBe(`${'ab '.repeat(100)}…`);
  });

  test('removes URLs and account paths that are percent-encoded', () => {
    const escaped = encodeURIComponent('https://api.test/accounts/another-one/x');
    expect(redact(`see ${escaped} or ${encodeURIComponent('accounts/another-one')}`, [])).toBe(
      'see [address] or [address]',
    );
  });

  test('removes every secret and account id, wherever it is in the text', () => {
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
    const token = fc.stringMatching(/^[A-Za-z0-9_-]{12,40}$/);
    const key = hex(64);
    const parts = fc.record({ token, account: hex(32), app: fc.uuid(), key });
    const glue = fc.array(fc.oneof(fc.string(), fc.constantFrom(' ', '"', '/', '://', 'Bearer ', 'accounts/', '$&')), {
      minLength: 6,
      maxLength: 6,
    });
    const property = fc.property(parts, glue, ({ token, account, app, key }, glue) => {
      const bits = [token, account, app, key, 'https://api.test/client/v4/accounts/another-one/x'];
      const text = glue.map((bit, index) => bit + (bits[index] ?? '')).join('');
      const cleaned = redact(text, [token, account, app]);
      for (const secret of [token, account, app, key]) expect(cleaned).not.toContain(secret);
      expect(cleaned).not.toContain('another-one');
      expect(cleaned.length).toBeLessThanOrEqual(301);
    });
    expect.hasAssertions();
    fc.assert(property, { numRuns: runs(100) });
  });
});
