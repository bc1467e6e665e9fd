import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Config, readConfig as readConfigOf, VARIABLES } from '../../src/config/index.ts';
import { ConfigError, type Environment } from '../../src/config/env.ts';
import { DEFAULT_OPERATION_LIMITS } from '../../src/graphql/limits/operationLimits.ts';

const REAL = {
  CLOUDFLARE_ACCOUNT_ID: '023e105f4ecef8ad9ca31a8372d0c353',
  REALTIMEKIT_APP_ID: '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11',
  CLOUDFLARE_API_TOKEN: 'a-token',
};

const FILES: Record<string, string> = {
  'keys.txt': `# a comment\n\ndashboard ${'a1'.repeat(32)} livestream:read\nstudio ${'B2'.repeat(32)} livestream:read livestream:write`,
  'documents.json': '{"one":"{ __typename }"}',
  'apollo.json': '{"format":"apollo-persisted-query-manifest","operations":[{"id":"two","body":"{ __typename }"}]}',
  'byte-order-mark.json': '\uFEFF{"three":"{ __typename }"}',
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

/** The message of the `ConfigError` that the settings cause. */
function errorOf(environment: Environment): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'no error';
}

test('the settings of the proxy may be in lower case, as other programs have them', () => {
  const url = 'http://user:secret@proxy.example:3128';
  const { proxy } = readConfig({ https_proxy: url, HTTPS_PROXY: 'http://other.example', NO_PROXY: 'localhost' });
  expect(proxy).toEqual({ httpsProxy: url, httpProxy: undefined, noProxy: 'localhost' });
  expect(() => readConfig({ http_proxy: 'socks5://user:secret@proxy.example' })).toThrow(
    /^http_proxy: must be an http.* Example: http_proxy=/,
  );
  expect(readConfig({ https_proxy: ' ', HTTPS_PROXY: url }).proxy.httpsProxy).toBe(url);
});

describe('readConfig without settings', () => {
  test('selects the sandbox, a loopback host and the documented defaults', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      keepAliveTimeoutMs: 75_000,
      auth: { kind: 'none' },
      app: null,
      proxy: {},
      sandboxPort: 4001,
      attemptTimeoutMs: 10_000,
      totalTimeoutMs: 25_000,
      requestsPerSecond: 200,
      cacheHeaders: 'private',
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
      callerShares: { weights: new Map() },
      limits: DEFAULT_OPERATION_LIMITS,
      trustedDocuments: { documents: new Map(), isExclusive: false },
      live: { total: 10_000, perCaller: 1000 },
      redis: null,
      webhookKeyUrl: null,
      purge: null,
      drain: { delayMs: 0, timeoutMs: 25_000 },
      corsOrigins: [],
      graphiql: true,
      introspection: true,
      suggestions: true,
      upstreamReport: true,
      costReport: true,
      telemetry: { logThreshold: 'info', metrics: true, tracing: null },
      files: { apiKeys: null, trustedDocuments: null },
    });
  });

  test('treats empty variables as unset, and a token without an app as the sandbox', () => {
    const empty = { HOST: '', PORT: '', CLOUDFLARE_ACCOUNT_ID: '', REALTIMEKIT_APP_ID: '', AUTH: '' };
    expect(readConfig({ ...empty, CLOUDFLARE_API_TOKEN: 'a-token' })).toEqual(readConfig({}));
  });
});

describe('caching settings', () => {
  test('each set one member', () => {
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

  test('UPSTREAM_REPORT is off by default when a real app is served', () => {
    expect(readConfig(REAL).upstreamReport).toBe(false);
    expect(readConfig({ ...REAL, UPSTREAM_REPORT: 'on' }).upstreamReport).toBe(true);
  });

  test.each([
    ['LIST_SOURCE', 'yes'],
    ['UPSTREAM_REPORT', 'true'],
    ['STALE_MS', '-1'],
    ['CACHE_MB', '0'],
    ['REQUESTS_PER_OPERATION', '0'],
  ])('%s=%s is rejected with a message that repeats the value', (name, value) => {
    expect(errorOf({ [name]: value })).toMatch(new RegExp(`^${name}: must be .*, not "${value}"\\. Example: ${name}=`));
  });
});

describe('telemetry settings', () => {
  const telemetryOf = (environment: Environment) => readConfig(environment).telemetry;

  test('each set one member', () => {
    const off = { LOG_LEVEL: 'silent', METRICS: 'off' };
    expect(telemetryOf(off)).toEqual({ logThreshold: 'silent', metrics: false, tracing: null });
  });

  const COLLECTOR = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

  test.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://collector.test:4318', 'https://collector.test:4318/v1/traces'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://collector.test/otlp/', 'https://collector.test/otlp/v1/traces'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'https://collector.test/in', 'https://collector.test/in'],
  ])('%s=%s turns tracing on', (name, value, url) => {
    expect(telemetryOf({ [name]: value }).tracing).toEqual({
      resourceAttributes: { 'service.name': 'realtimekit-graphql' },
      sampling: { isParentBased: true, ratio: 1 },
      collector: { url, headers: {}, timeoutMs: 10_000 },
    });
  });

  test('the headers for traces are added to those for all signals, and values are percent-decoded', () => {
    const settings = {
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20dXNlcg==, x-tenant = all',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=traces%2C1,',
    };
    expect(telemetryOf({ ...COLLECTOR, ...settings }).tracing?.collector.headers).toEqual({
      Authorization: 'Basic dXNlcg==',
      'x-tenant': 'traces,1',
    });
  });

  test('the timeout for traces replaces the one for all signals', () => {
    const timeoutOf = (settings: Environment) =>
      telemetryOf({ ...COLLECTOR, ...settings }).tracing?.collector.timeoutMs;
    const all = { OTEL_EXPORTER_OTLP_TIMEOUT: '500' };
    expect(timeoutOf(all)).toBe(500);
    expect(timeoutOf({ ...all, OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '700' })).toBe(700);
  });

  test('the service name comes from OTEL_SERVICE_NAME, or else from the resource attributes', () => {
    const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=theirs,deployment.environment=a%20b' };
    const attributesOf = (settings: Environment) =>
      telemetryOf({ ...COLLECTOR, ...settings }).tracing?.resourceAttributes;
    expect(attributesOf(attributes)).toEqual({ 'service.name': 'theirs', 'deployment.environment': 'a b' });
    expect(attributesOf({ ...attributes, OTEL_SERVICE_NAME: 'ours' })).toMatchObject({ 'service.name': 'ours' });
  });

  test.each([
    ['OTEL_SDK_DISABLED', 'true'],
    ['OTEL_SDK_DISABLED', 'TRUE'],
    ['OTEL_TRACES_EXPORTER', 'none'],
  ])('%s=%s turns tracing off', (name, value) => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_SAMPLER: 'unknown' };
    expect(telemetryOf({ ...environment, [name]: value }).tracing).toBeNull();
  });

  test('accept a protocol for traces that differs from the one for all signals', () => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    expect(telemetryOf({ ...environment, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' }).tracing).not.toBeNull();
  });

  test.each([
    ['always_on', undefined, { isParentBased: false, ratio: 1 }],
    ['always_off', undefined, { isParentBased: false, ratio: 0 }],
    ['traceidratio', '0.25', { isParentBased: false, ratio: 0.25 }],
    ['traceidratio', '.5', { isParentBased: false, ratio: 0.5 }],
    ['parentbased_always_off', '1', { isParentBased: true, ratio: 0 }],
    ['parentbased_traceidratio', '0', { isParentBased: true, ratio: 0 }],
    ['parentbased_traceidratio', undefined, { isParentBased: true, ratio: 1 }],
    ['', '0.25', { isParentBased: true, ratio: 1 }],
  ])('OTEL_TRACES_SAMPLER="%s" with the argument %s becomes %o', (sampler, argument, sampling) => {
    const tracing = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_SERVICE_NAME: 'ours',
      OTEL_TRACES_SAMPLER: sampler,
      OTEL_TRACES_SAMPLER_ARG: argument,
    };
    expect(telemetryOf(tracing).tracing).toMatchObject({ resourceAttributes: { 'service.name': 'ours' }, sampling });
  });

  test.each([
    ['LOG_LEVEL', 'debug'],
    ['METRICS', 'yes'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:secret@collector.test'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '127.0.0.1:4318'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318/?key=value'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318/#fragment'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://collector.test'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
    ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', '0'],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_TRACES_SAMPLER_ARG', 'half'],
  ])('%s=%s is rejected with an example', (name, value) => {
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_SAMPLER: 'traceidratio' };
    expect(errorOf({ ...tracing, [name]: value })).toMatch(new RegExp(`^${name}: .* Example: ${name}=`));
  });
});

describe('settings of the app', () => {
  test('select the real API', () => {
    expect(readConfig(REAL).app).toEqual({
      baseUrl: 'https://api.cloudflare.com/client/v4',
      accountId: REAL.CLOUDFLARE_ACCOUNT_ID,
      appId: REAL.REALTIMEKIT_APP_ID,
      token: 'a-token',
    });
  });

  test('accept a base URL with a trailing slash', () => {
    const config = readConfig({ ...REAL, CLOUDFLARE_BASE_URL: 'http://127.0.0.1:4001/client/v4/' });
    expect(config.app?.baseUrl).toBe('http://127.0.0.1:4001/client/v4');
  });

  test.each(['CLOUDFLARE_ACCOUNT_ID', 'REALTIMEKIT_APP_ID', 'CLOUDFLARE_API_TOKEN'])(
    'are rejected without %s',
    (name) => {
      expect(errorOf({ ...REAL, [name]: undefined })).toMatch(new RegExp(`^${name}: must be set .* Example: ${name}=`));
    },
  );
});

describe('SANDBOX', () => {
  test('must be on for a gateway without an app in production', () => {
    expect(errorOf({ NODE_ENV: 'production', CLOUDFLARE_ACCOUNT: REAL.CLOUDFLARE_ACCOUNT_ID })).toMatch(
      /^CLOUDFLARE_ACCOUNT_ID: must be set for the real API\. SANDBOX=on selects the sandbox instead\. /,
    );
    expect(readConfig({ NODE_ENV: 'production', SANDBOX: 'on' }).app).toBeNull();
  });

  test('selects the sandbox when it is on, and the real API when it is off', () => {
    expect(readConfig({ ...REAL, SANDBOX: 'on' }).app).toBeNull();
    expect(errorOf({ SANDBOX: 'off' })).toMatch(/^CLOUDFLARE_ACCOUNT_ID: must be set /);
  });
});

describe('a setting', () => {
  test.each(['4000\r', ' 4000 ', '\uFEFF4000', '4000\n'])('may have white space around it: %j', (PORT) => {
    expect(readConfig({ PORT }).port).toBe(4000);
  });

  test.each([
    ['PORT', '"4000"'],
    ['HOST', "'127.0.0.1'"],
    ['CLOUDFLARE_API_TOKEN', '"a-token"'],
    ['JWT_ISSUER', '"https://login.example.com/"'],
  ])('in quotes is rejected, because not every program removes them: %s=%s', (name, value) => {
    const jwt = { AUTH: 'jwt', JWT_ISSUER: 'https://login.example.com/', JWT_AUDIENCE: 'a', JWT_KEY: '{}' };
    const environment = { ...REAL, ...jwt, [name]: value };
    expect(errorOf(environment)).toMatch(new RegExp(`^${name}: the quotes are part of the value\\. Remove them\\. `));
  });

  test('that Kubernetes sets for a service called "sandbox" is ignored', () => {
    expect(readConfig({ SANDBOX_PORT: 'tcp://10.0.0.7:80' }).sandboxPort).toBe(4001);
  });

  const ANY_TEXT = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\u0000',
      '#',
      '*',
      'on',
      '1',
      '1 # one',
      '1ms',
      '%',
      'http://',
      'https://a',
      'redis://',
      'a,b',
      '{}',
      '[]',
    ),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
  );

  test('of any text is accepted, or rejected in one line that begins with a name of a setting', () => {
    const bases = [{}, REAL, { ...REAL, AUTH: 'jwt' }, { ...REAL, AUTH: 'api-key' }, { ...REAL, HOST: '0.0.0.0' }];
    fc.assert(
      fc.property(fc.constantFrom(...bases), fc.constantFrom(...VARIABLES), ANY_TEXT, (base, name, text) => {
        const message = errorOf({ ...base, [name]: text });
        expect(message).toMatch(/^(no error|[A-Z_]+: [^\p{Cc}\u2028\u2029]+)$/u);
        const [variable = ''] = message.split(':');
        expect(['no error', ...VARIABLES]).toContain(variable);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the message for an invalid setting', () => {
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
    ['HOST', '127.0.0.1:4000'],
    ['HOST', '[::1]'],
    ['HOST', '-'],
    ['SANDBOX_PORT', '4000'],
    ['SANDBOX', 'yes'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['CORS_ORIGINS', 'https://*.*.example.com'],
    ['CORS_ORIGINS', 'https://app.*.com'],
    ['CORS_ORIGINS', 'https://app-*.example.com'],
    ['CORS_ORIGINS', 'ws://app.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com # comment'],
    ['LOG_LEVEL', 'info # comment'],
    ['WEBHOOK_KEY_URL', 'https://user:secret@example.com/keys'],
    ['OTEL_SERVICE_NAME', 'two\nlines'],
    ['OTEL_SERVICE_NAME', 'name # comment'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization: Bearer secret'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization=%secret'],
    ['OTEL_EXPORTER_OTLP_HEADERS', '=secret'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'api key=secret'],
    ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'api-key=secret%0A'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment'],
    ['REDIS_URL', 'redis://'],
    ['REDIS_URL', 'redis://127.0.0.1\n6379'],
    ['CLOUDFLARE_BASE_URL', 'https://example.com/v4?'],
    ['CLOUDFLARE_BASE_URL', 'https://example.com/v4#'],
    ['CLOUDFLARE_BASE_URL', 'https://:secret@example.com'],
    ['CLOUDFLARE_BASE_URL', 'https://exam\nple.com'],
    ['CLOUDFLARE_BASE_URL', 'https://example.com/a b'],
    ['CLOUDFLARE_API_TOKEN', 'Bearer a-token'],
    ['CLOUDFLARE_API_TOKEN', 'a-token # comment'],
    ['AUTH', 'basic'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['QUERY_DEPTH', '0'],
    ['GRAPHIQL', 'yes'],
    ['TRUSTED_DOCUMENTS', 'nowhere.json'],
    ['CLOUDFLARE_BASE_URL', 'ftp://example.com'],
    ['HTTPS_PROXY', 'proxy.example:3128'],
    ['HTTP_PROXY', 'socks5://proxy.example'],
    ['HTTP_PROXY', 'http://proxy.example:3128/path'],
    ['HTTPS_PROXY', 'http://user:50%off@proxy.example:3128'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'redis://:50%off@127.0.0.1'],
    ['REDIS_URL', 'redis://:%ff@127.0.0.1'],
    ['REDIS_URL', 'redis://user%:25@127.0.0.1'],
    ['REDIS_URL', 'redis://127.0.0.1:6379/cache'],
    ['REDIS_URL', 'redis://127.0.0.1:6379/0?commandTimeout=1'],
    ['REDIS_URL', 'redis://127.0.0.1:6379/0#secret'],
    ['REDIS_URL', 'redis://:top#secret@127.0.0.1'],
    ['CLOUDFLARE_BASE_URL', 'https://user:secret@example.com'],
    ['CLOUDFLARE_ACCOUNT_ID', '../other'],
    ['REALTIMEKIT_APP_ID', 'app?x=1'],
    ['CLOUDFLARE_API_TOKEN', 'two words'],
  ])('is one line with the variable and an example: %s=%s', (name, value) => {
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
    const sandbox = name === 'SANDBOX_PORT' ? { SANDBOX: 'on' } : {};
    const message = errorOf({ ...REAL, ...tracing, ...sandbox, [name]: value });
    expect(message).toMatch(new RegExp(`^${name}: .+ Example: ${name}=\\S+$`));
    expect(message).not.toMatch(/\n|secret/);
  });

  test.each([
    ['https://A.example', 'https://a.example'],
    ['https://a.example:443', 'https://a.example'],
    ['https://a.example/', 'https://a.example'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://*.A.example', 'https://*.a.example'],
  ])('says how to write an origin as browsers do: CORS_ORIGINS=%s', (CORS_ORIGINS, written) => {
    expect(errorOf({ CORS_ORIGINS })).toContain(`, not "${CORS_ORIGINS}". Write it as ${written}. Example: `);
    expect(readConfig({ CORS_ORIGINS: written }).corsOrigins).toEqual([written]);
  });

  test('gives no advice on a text that contains no origin', () => {
    for (const CORS_ORIGINS of ['app.example.com', 'https://app.*.com', 'ws://app.example.com', 'null'])
      expect(errorOf({ CORS_ORIGINS })).not.toContain('Write it as');
  });

  test('says that the address in HOST has no brackets', () => {
    expect(errorOf({ HOST: '[::]' })).toMatch(/^HOST: must be an IP address without brackets or a host name/);
  });

  test('says how to write a "#" in the password of Redis', () => {
    expect(errorOf({ REDIS_URL: 'redis://:top#secret@127.0.0.1' })).toContain('in the password percent-encoded');
  });

  test('gives a valid example', () => {
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
      const [, example] = /Example: \w+=(\S+)$/.exec(errorOf({ ...REAL, [name]: 'never right!' })) ?? [];
      expect(errorOf({ ...REAL, [name]: example })).toBe('no error');
    }
  });

  test('never repeats the API token', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{12,40}$/), (secret) => {
        expect(errorOf({ ...REAL, CLOUDFLARE_API_TOKEN: `${secret} ${secret}` })).not.toContain(secret);
      }),
    );
  });
});

test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])(
  'AUTH may be unset when HOST is the loopback host %s',
  (host) => {
    expect(readConfig({ HOST: host }).host).toBe(host);
  },
);

describe('authentication settings', () => {
  const KEY = `dashboard ${'a1'.repeat(32)} livestream:read`;
  const JWT = { AUTH: 'jwt', JWT_ISSUER: 'https://login.example.com/', JWT_AUDIENCE: 'one, two' };
  const JWKS = 'https://login.example.com/jwks.json';

  test.each(['0.0.0.0', '192.0.2.7', 'gateway.internal', '127.evil.example', '::'])(
    'require AUTH when other machines can reach the gateway at %s',
    (HOST) => {
      expect(errorOf({ HOST })).toMatch(
        /^AUTH: must be passthrough, jwt or api-key, because other machines can reach HOST .* Example: AUTH=passthrough$/,
      );
      expect(errorOf({ HOST, AUTH: 'none' })).toMatch(
        /^AUTH: must not be "none", because other machines can reach HOST .* Example: AUTH=/,
      );
      expect(readConfig({ HOST, AUTH: 'passthrough' })).toMatchObject({ host: HOST, auth: { kind: 'passthrough' } });
    },
  );

  test('need no API token of the gateway when AUTH is passthrough', () => {
    const { CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID } = REAL;
    const config = readConfig({ CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID, AUTH: 'passthrough' });
    expect(config.app).toMatchObject({ token: null });
  });

  test('accept a JWKS URL, a PEM key or a JWK when AUTH is jwt', () => {
    expect(readConfig({ ...JWT, JWT_JWKS_URL: JWKS }).auth).toEqual({
      kind: 'jwt',
      issuer: 'https://login.example.com/',
      audiences: ['one', 'two'],
      clockSkewSeconds: 30,
      callerClaim: 'sub',
      key: { jwksUrl: JWKS },
    });
    const pem = '-----BEGIN PUBLIC KEY-----\\nMIIB\\n-----END PUBLIC KEY-----';
    expect(readConfig({ ...JWT, JWT_KEY: pem, JWT_CLOCK_SKEW_S: '0' }).auth).toMatchObject({
      clockSkewSeconds: 0,
      key: { pem: '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----' },
    });
    for (const JWT_KEY of ['{"kty":"RSA"}', '\uFEFF{"kty":"RSA"}\r\n'])
      expect(readConfig({ ...JWT, JWT_KEY }).auth).toMatchObject({ key: { jwk: '{"kty":"RSA"}' } });
  });

  test.each<[string, Environment]>([
    ['JWT_ISSUER', { ...JWT, JWT_ISSUER: '', JWT_JWKS_URL: JWKS }],
    ['JWT_AUDIENCE', { ...JWT, JWT_AUDIENCE: ' , ', JWT_JWKS_URL: JWKS }],
    ['JWT_JWKS_URL', JWT],
    ['JWT_JWKS_URL', { ...JWT, JWT_JWKS_URL: 'http://login.example.com/jwks.json' }],
    ['JWT_JWKS_URL', { ...JWT, JWT_JWKS_URL: 'login.example.com' }],
    ['JWT_KEY', { ...JWT, JWT_JWKS_URL: JWKS, JWT_KEY: '{}' }],
    ['JWT_CLOCK_SKEW_S', { ...JWT, JWT_JWKS_URL: JWKS, JWT_CLOCK_SKEW_S: '1h' }],
  ])('name %s in the message when it is missing or invalid', (name, environment) => {
    expect(errorOf(environment)).toMatch(new RegExp(`^${name}: .+ Example: ${name}=`));
  });

  test('read hashes of API keys from a variable or from a file', () => {
    const dashboard = { name: 'dashboard', sha256: 'a1'.repeat(32), scopes: ['livestream:read'] };
    const studio = { name: 'studio', sha256: 'b2'.repeat(32), scopes: ['livestream:read', 'livestream:write'] };
    expect(readConfig({ AUTH: 'api-key', API_KEYS: KEY }).auth).toEqual({ kind: 'api-key', keys: [dashboard] });
    expect(readConfig({ AUTH: 'api-key', API_KEYS_FILE: 'keys.txt' }).auth).toEqual({
      kind: 'api-key',
      keys: [dashboard, studio],
    });
  });

  test.each(['', 'dashboard', 'dashboard plain-secret livestream:read', `${KEY}, a ${'0'.repeat(64)}`, `${KEY} all`])(
    'do not repeat an invalid API key in the message: %s',
    (API_KEYS) => {
      const message = errorOf({ AUTH: 'api-key', API_KEYS });
      expect(message).toMatch(/^API_KEYS: .+ Example: API_KEYS='/);
      expect(message).not.toMatch(/plain-secret|a1a1/);
    },
  );

  test('name a file of API keys that cannot be read', () => {
    const message = errorOf({ AUTH: 'api-key', API_KEYS_FILE: 'nowhere.txt' });
    expect(message).toMatch(/^API_KEYS_FILE: must name a readable file, not "nowhere.txt"\. Example: API_KEYS_FILE=/);
  });
});

describe('settings of what callers may see and request', () => {
  test('hide GraphiQL, the schema, the upstream report and costs in production unless they are on', () => {
    const closed = {
      graphiql: false,
      introspection: false,
      suggestions: false,
      upstreamReport: false,
      costReport: false,
    };
    for (const NODE_ENV of ['production', 'Production', 'prod', 'staging'])
      expect(readConfig({ ...REAL, NODE_ENV })).toMatchObject(closed);
    for (const NODE_ENV of ['development', 'Development', 'test', ''])
      expect(readConfig({ ...REAL, NODE_ENV })).toMatchObject({
        graphiql: true,
        introspection: true,
        costReport: true,
      });
    const settings = {
      GRAPHIQL: 'on',
      INTROSPECTION: 'on',
      SUGGESTIONS: 'on',
      UPSTREAM_REPORT: 'on',
      COST_REPORT: 'on',
    };
    const open = { graphiql: true, introspection: true, suggestions: true, upstreamReport: true, costReport: true };
    expect(readConfig({ NODE_ENV: 'production', SANDBOX: 'on', ...settings })).toMatchObject(open);
  });

  test('include each limit of an operation', () => {
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
      upstreamRequests: 8,
      fields: 9,
    });
  });

  test('accept a list of origins or "*" as CORS_ORIGINS', () => {
    const { corsOrigins } = readConfig({ CORS_ORIGINS: 'https://app.example.com, http://localhost:5173' });
    expect(corsOrigins).toEqual(['https://app.example.com', 'http://localhost:5173']);
    expect(readConfig({ CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*']);
  });

  test('accept origins with any first label', () => {
    const origins = ['https://*.example.com', 'http://*.localhost:5173'];
    expect(readConfig({ CORS_ORIGINS: origins.join() }).corsOrigins).toEqual(origins);
  });

  test.each([
    ['documents.json', 'one'],
    ['apollo.json', 'two'],
    ['byte-order-mark.json', 'three'],
  ])('accept trusted documents in the format of %s', (TRUSTED_DOCUMENTS, id) => {
    expect(readConfig({ TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_ONLY: 'on' }).trustedDocuments).toEqual({
      documents: new Map([[id, '{ __typename }']]),
      isExclusive: true,
    });
  });

  test('name files to watch by the paths that are read, without the white space around them', () => {
    const paths = { API_KEYS_FILE: 'keys.txt \r\n', TRUSTED_DOCUMENTS: '\tdocuments.json ' };
    const filesWith = (settings: Environment) => readConfig({ ...paths, ...settings }).files;
    expect(filesWith({ AUTH: 'api-key' })).toEqual({ apiKeys: 'keys.txt', trustedDocuments: 'documents.json' });
    expect(filesWith({ AUTH: 'none' })).toEqual({ apiKeys: null, trustedDocuments: 'documents.json' });
  });

  test.each(['list.json', 'text.json', 'number.json', 'broken.json', undefined])(
    'reject an invalid manifest of trusted documents: %s',
    (TRUSTED_DOCUMENTS) => {
      const message = errorOf({ TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_ONLY: 'on' });
      expect(message).toMatch(/^TRUSTED_DOCUMENTS: .+ Example: TRUSTED_DOCUMENTS=\S+$/);
    },
  );
});
