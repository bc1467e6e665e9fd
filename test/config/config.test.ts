import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Config, readConfig as readConfigOf } from '../../src/config/index.ts';
import { ConfigError, type Environment } from '../../src/config/env.ts';
import { DEFAULT_OPERATION_LIMITS } from '../../src/graphql/limits/operationLimits.ts';

const REAL = {
  CLOUDFLARE_ACCOUNT_ID: '023e105f4ecef8ad9ca31a8372d0c353',
  REALTIMEKIT_APP_ID: '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11',
  CLOUDFLARE_API_TOKEN: 'a-token',
};

const FILES: Record<string, string> = {
  'keys.txt': `# whose they are\n\ndashboard ${'a1'.repeat(32)} livestream:read\nstudio ${'B2'.repeat(32)} livestream:read livestream:write`,
  'documents.json': '{"one":"{ __typename }"}',
  'apollo.json': '{"format":"apollo-persisted-query-manifest","operations":[{"id":"two","body":"{ __typename }"}]}',
  'list.json': '[]',
  'text.json': 'not JSON',
  'number.json': '{"one":1}',
  'broken.json': '{"one":"{"}',
};

const readFile = (path: string): string => {
  const text = FILES[path];
  if (text === undefined) throw new Error('ENOENT');
  return text;
};

const readConfig = (environment: Environment): Config => readConfigOf(environment, readFile);

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
      auth: { kind: 'none' },
      app: null,
      sandboxPort: 4001,
      attemptTimeoutMs: 10_000,
      totalTimeoutMs: 25_000,
      requestsPerSecond: 200,
      caching: {
        ttl: {
          statusMs: 2000,
          metersMs: 15_000,
          endedMs: 3_600_000,
          negativeMs: 2000,
          maxStaleMs: 60_000,
          revalidateTimeoutMs: 300,
        },
        cacheBytes: 64 * 1024 * 1024,
        maxRequestsPerOperation: 100,
        bulkReads: true,
      },
      limits: DEFAULT_OPERATION_LIMITS,
      trustedDocuments: { documents: new Map(), only: false },
      live: { total: 10_000, perCaller: 1000 },
      redis: null,
      webhookKeyUrl: null,
      drain: { delay: 0, time: 25_000 },
      corsOrigins: [],
      graphiql: true,
      introspection: true,
      suggestions: true,
      upstreamReport: true,
      telemetry: { logLevel: 'info', metrics: true, tracing: null },
    });
  });

  test('empty variables are as good as none, and a token alone connects to nothing', () => {
    const empty = { HOST: '', PORT: '', CLOUDFLARE_ACCOUNT_ID: '', REALTIMEKIT_APP_ID: '', AUTH: '' };
    expect(readConfig({ ...empty, CLOUDFLARE_API_TOKEN: 'a-token' })).toEqual(readConfig({}));
  });
});

describe('how answers are kept and requests spent', () => {
  test('each setting has its place', () => {
    const { caching, upstreamReport } = readConfig({
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
    expect(caching).toEqual({
      ttl: { statusMs: 1, metersMs: 2, endedMs: 3, negativeMs: 4, maxStaleMs: 0, revalidateTimeoutMs: 5 },
      cacheBytes: 6 * 1024 * 1024,
      maxRequestsPerOperation: 7,
      bulkReads: false,
    });
    expect(upstreamReport).toBe(false);
  });

  test('callers of the real API are not told what their operations cost, unless the operator says so', () => {
    expect(readConfig(REAL).upstreamReport).toBe(false);
    expect(readConfig({ ...REAL, UPSTREAM_REPORT: 'on' }).upstreamReport).toBe(true);
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

describe('what the gateway tells of itself', () => {
  const telemetryOf = (environment: Environment) => readConfig(environment).telemetry;

  test('each setting has its place', () => {
    const off = { LOG_LEVEL: 'silent', METRICS: 'off' };
    expect(telemetryOf(off)).toEqual({ logLevel: 'silent', metrics: false, tracing: null });
  });

  test.each(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])('%s turns traces on', (name) => {
    expect(telemetryOf({ [name]: 'https://collector.test:4318' }).tracing).toEqual({
      serviceName: 'realtimekit-graphql',
      sampling: { parent: true, ratio: 1 },
    });
  });

  test.each([
    ['always_on', undefined, { parent: false, ratio: 1 }],
    ['always_off', undefined, { parent: false, ratio: 0 }],
    ['traceidratio', '0.25', { parent: false, ratio: 0.25 }],
    ['traceidratio', '.5', { parent: false, ratio: 0.5 }],
    ['parentbased_always_off', '1', { parent: true, ratio: 0 }],
    ['parentbased_traceidratio', '0', { parent: true, ratio: 0 }],
    ['parentbased_traceidratio', undefined, { parent: true, ratio: 1 }],
    ['', '0.25', { parent: true, ratio: 1 }],
  ])('the sampler "%s" with %s is %o', (sampler, argument, sampling) => {
    const tracing = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_SERVICE_NAME: 'ours',
      OTEL_TRACES_SAMPLER: sampler,
      OTEL_TRACES_SAMPLER_ARG: argument,
    };
    expect(telemetryOf(tracing).tracing).toEqual({ serviceName: 'ours', sampling });
  });

  test.each([
    ['LOG_LEVEL', 'debug'],
    ['METRICS', 'yes'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '127.0.0.1:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://collector.test'],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_TRACES_SAMPLER_ARG', 'half'],
  ])('%s=%s is refused', (name, value) => {
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_SAMPLER: 'traceidratio' };
    expect(refusalOf({ ...tracing, [name]: value })).toMatch(new RegExp(`^${name}: .* Example: ${name}=`));
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
    ['DRAIN_MS', '25s'],
    ['DRAIN_DELAY_MS', '-1'],
    ['HOST', 'two words'],
    ['AUTH', 'basic'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['QUERY_DEPTH', '0'],
    ['GRAPHIQL', 'yes'],
    ['TRUSTED_DOCUMENTS', 'nowhere.json'],
    ['CLOUDFLARE_BASE_URL', 'ftp://example.com'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'redis://:50%off@127.0.0.1'],
    ['REDIS_URL', 'redis://:%ff@127.0.0.1'],
    ['REDIS_URL', 'redis://127.0.0.1:6379/cache'],
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
    const names = [
      'PORT',
      'SANDBOX_PORT',
      'UPSTREAM_TIMEOUT_MS',
      'HOST',
      'AUTH',
      'CORS_ORIGINS',
      'QUERY_DEPTH',
      ...Object.keys(REAL),
    ];
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

describe('who is let in', () => {
  const KEY = `dashboard ${'a1'.repeat(32)} livestream:read`;
  const JWT = { AUTH: 'jwt', JWT_ISSUER: 'https://login.example.com/', JWT_AUDIENCE: 'one, two' };
  const JWKS = 'https://login.example.com/jwks.json';

  test.each(['0.0.0.0', '192.0.2.7', 'gateway.internal', '127.evil.example', '::'])(
    'has to be chosen where other machines reach the gateway: on %s',
    (HOST) => {
      expect(refusalOf({ HOST })).toMatch(
        /^AUTH: missing, while other machines reach HOST .* Example: AUTH=passthrough$/,
      );
      expect(refusalOf({ HOST, AUTH: 'none' })).toMatch(/^AUTH: "none" lets in whoever reaches HOST .* Example: AUTH=/);
      expect(readConfig({ HOST, AUTH: 'passthrough' })).toMatchObject({ host: HOST, auth: { kind: 'passthrough' } });
    },
  );

  test('callers who bring tokens of their own leave the gateway without one', () => {
    const { CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID } = REAL;
    const config = readConfig({ CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID, AUTH: 'passthrough' });
    expect(config.app).toMatchObject({ token: null });
  });

  test('by tokens of an issuer, whose keys are at an address or here', () => {
    expect(readConfig({ ...JWT, JWT_JWKS_URL: JWKS }).auth).toEqual({
      kind: 'jwt',
      issuer: 'https://login.example.com/',
      audiences: ['one', 'two'],
      clockSkew: 30,
      key: { jwksUrl: JWKS },
    });
    const pem = '-----BEGIN PUBLIC KEY-----\\nMIIB\\n-----END PUBLIC KEY-----';
    expect(readConfig({ ...JWT, JWT_KEY: pem, JWT_CLOCK_SKEW_S: '0' }).auth).toMatchObject({
      clockSkew: 0,
      key: { pem: '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----' },
    });
    expect(readConfig({ ...JWT, JWT_KEY: '{"kty":"RSA"}' }).auth).toMatchObject({ key: { jwk: '{"kty":"RSA"}' } });
  });

  test.each<[string, Environment]>([
    ['JWT_ISSUER', { ...JWT, JWT_ISSUER: '', JWT_JWKS_URL: JWKS }],
    ['JWT_AUDIENCE', { ...JWT, JWT_AUDIENCE: ' , ', JWT_JWKS_URL: JWKS }],
    ['JWT_JWKS_URL', JWT],
    ['JWT_JWKS_URL', { ...JWT, JWT_JWKS_URL: 'http://login.example.com/jwks.json' }],
    ['JWT_JWKS_URL', { ...JWT, JWT_JWKS_URL: 'login.example.com' }],
    ['JWT_KEY', { ...JWT, JWT_JWKS_URL: JWKS, JWT_KEY: '{}' }],
    ['JWT_CLOCK_SKEW_S', { ...JWT, JWT_JWKS_URL: JWKS, JWT_CLOCK_SKEW_S: '1h' }],
  ])('%s is missed or refused by its name', (name, environment) => {
    expect(refusalOf(environment)).toMatch(new RegExp(`^${name}: .+ Example: ${name}=`));
  });

  test('by keys of which only the hash is told, in the setting or in a file', () => {
    const dashboard = { name: 'dashboard', sha256: 'a1'.repeat(32), scopes: ['livestream:read'] };
    const studio = { name: 'studio', sha256: 'b2'.repeat(32), scopes: ['livestream:read', 'livestream:write'] };
    expect(readConfig({ AUTH: 'api-key', API_KEYS: KEY }).auth).toEqual({ kind: 'api-key', keys: [dashboard] });
    expect(readConfig({ AUTH: 'api-key', API_KEYS_FILE: 'keys.txt' }).auth).toEqual({
      kind: 'api-key',
      keys: [dashboard, studio],
    });
  });

  test.each(['', 'dashboard', 'dashboard plain-secret livestream:read', `${KEY}, a ${'0'.repeat(64)}`, `${KEY} all`])(
    'and an entry that is wrong is not repeated: %s',
    (API_KEYS) => {
      const refusal = refusalOf({ AUTH: 'api-key', API_KEYS });
      expect(refusal).toMatch(/^API_KEYS: .+ Example: API_KEYS='/);
      expect(refusal).not.toMatch(/plain-secret|a1a1/);
    },
  );

  test('a file of keys that is not there is named', () => {
    const refusal = refusalOf({ AUTH: 'api-key', API_KEYS_FILE: 'nowhere.txt' });
    expect(refusal).toMatch(/^API_KEYS_FILE: "nowhere.txt" cannot be read\. Example: API_KEYS_FILE=/);
  });
});

describe('what a stranger may do', () => {
  test('in production neither the schema nor GraphiQL nor what operations cost is told, unless the operator says so', () => {
    const closed = { graphiql: false, introspection: false, suggestions: false, upstreamReport: false };
    expect(readConfig({ NODE_ENV: 'production' })).toMatchObject(closed);
    const settings = { GRAPHIQL: 'on', INTROSPECTION: 'on', SUGGESTIONS: 'on', UPSTREAM_REPORT: 'on' };
    const open = { graphiql: true, introspection: true, suggestions: true, upstreamReport: true };
    expect(readConfig({ NODE_ENV: 'production', ...settings })).toMatchObject(open);
  });

  test('each limit has its setting', () => {
    const { limits } = readConfig({
      QUERY_DEPTH: '1',
      QUERY_ALIASES: '2',
      QUERY_ROOT_FIELDS: '3',
      QUERY_DIRECTIVES: '4',
      QUERY_TOKENS: '5',
      QUERY_BYTES: '6',
      BODY_BYTES: '7',
      QUERY_COST: '8',
      QUERY_FIELDS: '9',
    });
    expect(limits).toEqual({
      depth: 1,
      aliases: 2,
      rootFields: 3,
      directives: 4,
      tokens: 5,
      queryBytes: 6,
      bodyBytes: 7,
      cost: 8,
      fields: 9,
    });
  });

  test('sites are named by their origins', () => {
    const { corsOrigins } = readConfig({ CORS_ORIGINS: 'https://app.example.com, http://localhost:5173' });
    expect(corsOrigins).toEqual(['https://app.example.com', 'http://localhost:5173']);
    expect(readConfig({ CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*']);
  });

  test.each([
    ['documents.json', 'one'],
    ['apollo.json', 'two'],
  ])('trusted documents are read as %s has them', (TRUSTED_DOCUMENTS, id) => {
    expect(readConfig({ TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_ONLY: 'on' }).trustedDocuments).toEqual({
      documents: new Map([[id, '{ __typename }']]),
      only: true,
    });
  });

  test.each(['list.json', 'text.json', 'number.json', 'broken.json', undefined])(
    'a manifest that cannot serve is refused: %s',
    (TRUSTED_DOCUMENTS) => {
      const refusal = refusalOf({ TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_ONLY: 'on' });
      expect(refusal).toMatch(/^TRUSTED_DOCUMENTS: .+ Example: TRUSTED_DOCUMENTS=\S+$/);
    },
  );
});
