import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ConfigError, type Environment, readConfig } from '../src/config.ts';

const REAL = {
  CLOUDFLARE_ACCOUNT_ID: '023e105f4ecef8ad9ca31a8372d0c353',
  REALTIMEKIT_APP_ID: '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11',
  CLOUDFLARE_API_TOKEN: 'a-token',
};

function refusalOf(environment: Environment): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'not refused';
}

describe('without any setting', () => {
  test('the sandbox is served, on loopback, with the documented ports and deadlines', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      app: null,
      sandboxPort: 4001,
      attemptTimeout: 10_000,
      totalTimeout: 25_000,
      perSecond: 200,
      economy: {
        freshness: { status: 2000, meters: 15_000, ended: 3_600_000, nothing: 2000, stale: 60_000, staleWait: 300 },
        cacheBytes: 64 * 1024 * 1024,
        share: 100,
        usesLists: true,
      },
      reports: true,
    });
  });

  test('empty variables are as good as none, and a token alone connects to nothing', () => {
    const empty = { HOST: '', PORT: '', CLOUDFLARE_ACCOUNT_ID: '', REALTIMEKIT_APP_ID: '', AUTH: '' };
    expect(readConfig({ ...empty, CLOUDFLARE_API_TOKEN: 'a-token' })).toEqual(readConfig({}));
  });
});

describe('how answers are kept and requests spent', () => {
  test('each setting has its place', () => {
    const { economy, reports } = readConfig({
      FRESH_STATUS_MS: '1',
      FRESH_METERS_MS: '2',
      FRESH_ENDED_MS: '3',
      FRESH_NOTHING_MS: '4',
      STALE_MS: '0',
      STALE_WAIT_MS: '5',
      CACHE_MB: '6',
      REQUESTS_PER_OPERATION: '7',
      LIST_SOURCE: 'off',
      UPSTREAM_REPORT: 'off',
    });
    expect(economy).toEqual({
      freshness: { status: 1, meters: 2, ended: 3, nothing: 4, stale: 0, staleWait: 5 },
      cacheBytes: 6 * 1024 * 1024,
      share: 7,
      usesLists: false,
    });
    expect(reports).toBe(false);
  });

  test('callers of the real API are not told what their operations cost, unless the operator says so', () => {
    expect(readConfig(REAL).reports).toBe(false);
    expect(readConfig({ ...REAL, UPSTREAM_REPORT: 'on' }).reports).toBe(true);
  });

  test.each([
    ['LIST_SOURCE', 'yes'],
    ['UPSTREAM_REPORT', 'true'],
    ['STALE_MS', '-1'],
    ['CACHE_MB', '0'],
    ['REQUESTS_PER_OPERATION', '0'],
  ])('%s=%s is refused', (name, value) => {
    expect(refusalOf({ [name]: value })).toMatch(new RegExp(`^${name}: "${value}" .* Example: ${name}=`));
  });
});

describe('with account, app and token', () => {
  test('the real API is served', () => {
    expect(readConfig(REAL).app).toEqual({
      baseUrl: 'https://api.cloudflare.com/client/v4',
      accountId: REAL.CLOUDFLARE_ACCOUNT_ID,
      appId: REAL.REALTIMEKIT_APP_ID,
      token: 'a-token',
    });
  });

  test('another base URL may end with a slash', () => {
    const config = readConfig({ ...REAL, CLOUDFLARE_BASE_URL: 'http://127.0.0.1:4001/client/v4/' });
    expect(config.app?.baseUrl).toBe('http://127.0.0.1:4001/client/v4');
  });

  test.each(['CLOUDFLARE_ACCOUNT_ID', 'REALTIMEKIT_APP_ID', 'CLOUDFLARE_API_TOKEN'])(
    '%s is missed by its name',
    (name) => {
      expect(refusalOf({ ...REAL, [name]: undefined })).toMatch(new RegExp(`^${name}: missing.* Example: ${name}=`));
    },
  );
});

describe('a wrong setting is refused in one line that names it and gives an example', () => {
  test.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['SANDBOX_PORT', '4e3'],
    ['UPSTREAM_ATTEMPT_TIMEOUT_MS', '0'],
    ['UPSTREAM_TIMEOUT_MS', '10s'],
    ['HOST', '0.0.0.0'],
    ['HOST', '127.evil.example'],
    ['AUTH', 'jwt'],
    ['CLOUDFLARE_BASE_URL', 'ftp://example.com'],
    ['CLOUDFLARE_BASE_URL', 'https://user:secret@example.com'],
    ['CLOUDFLARE_ACCOUNT_ID', '../other'],
    ['REALTIMEKIT_APP_ID', 'app?x=1'],
    ['CLOUDFLARE_API_TOKEN', 'two words'],
  ])('%s=%s', (name, value) => {
    const refusal = refusalOf({ ...REAL, [name]: value });
    expect(refusal).toMatch(new RegExp(`^${name}: .+ Example: ${name}=\\S+$`));
    expect(refusal).not.toContain('\n');
  });

  test('and its example is itself accepted', () => {
    const names = ['PORT', 'SANDBOX_PORT', 'UPSTREAM_TIMEOUT_MS', 'HOST', 'AUTH', ...Object.keys(REAL)];
    for (const name of names) {
      const [, example] = /Example: \w+=(\S+)$/.exec(refusalOf({ ...REAL, [name]: 'never right!' })) ?? [];
      expect(refusalOf({ ...REAL, [name]: example })).toBe('not refused');
    }
  });

  test('a token is never repeated', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{12,40}$/), (secret) => {
        expect(refusalOf({ ...REAL, CLOUDFLARE_API_TOKEN: `${secret} ${secret}` })).not.toContain(secret);
      }),
    );
  });
});

test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('%s is a host that only this machine reaches', (host) => {
  expect(readConfig({ HOST: host }).host).toBe(host);
});
