import { describe, expect, it } from 'vitest';

import { readBindings } from '../../src/workers/settings.ts';

const GATEWAY = { getByName: () => ({ fetch: async () => new Response() }) };
const APP = { CLOUDFLARE_ACCOUNT_ID: 'acc-0a7f', REALTIMEKIT_APP_ID: 'app-11d2', CLOUDFLARE_API_TOKEN: 'tok-5e.cret' };
const KEY = `tests ${'0'.repeat(64)} livestream:read`;

describe('the settings of a Worker', () => {
  it('have the names of the program’s environment variables, and may be numbers', () => {
    const config = readBindings({ GATEWAY, ...APP, AUTH: 'api-key', API_KEYS: KEY, QUERY_DEPTH: 7 });
    expect(config.app).toMatchObject({ accountId: 'acc-0a7f', appId: 'app-11d2', token: 'tok-5e.cret' });
    expect(config.limits.depth).toBe(7);
  });

  it('are those of production unless NODE_ENV says otherwise', () => {
    expect(readBindings({ GATEWAY, ...APP, AUTH: 'api-key', API_KEYS: KEY }).graphiql).toBe(false);
    expect(readBindings({ GATEWAY, NODE_ENV: 'development' })).toMatchObject({ graphiql: true, app: null });
  });

  it('must say how callers authenticate, since anyone can reach a deployed Worker', () => {
    const message = /^AUTH: must be passthrough, jwt or api-key, because anyone can reach the Worker\./;
    expect(() => readBindings({ GATEWAY, ...APP })).toThrow(message);
    expect(() => readBindings({ GATEWAY, ...APP, AUTH: 'none' })).toThrow(message);
    expect(readBindings({ GATEWAY, ...APP, AUTH: 'none', NODE_ENV: 'development' }).auth).toEqual({ kind: 'none' });
  });

  it('name another binding where they name a file on Node.js, whether it is text or JSON', () => {
    const bindings = {
      GATEWAY,
      ...APP,
      AUTH: 'api-key',
      API_KEYS_FILE: 'KEYS',
      KEYS: KEY,
      TRUSTED_DOCUMENTS: 'DOCUMENTS',
    };
    const config = readBindings({ ...bindings, DOCUMENTS: { abc: '{ __typename }' } });
    expect(config.auth).toMatchObject({ keys: [{ name: 'tests' }] });
    expect([...config.trustedDocuments.documents]).toEqual([['abc', '{ __typename }']]);
    expect(() => readBindings(bindings)).toThrow(
      /^TRUSTED_DOCUMENTS: must name a binding, and there is none called "DOCUMENTS"/,
    );
  });

  it.each([
    ['METRICS', false],
    ['TRUSTED_DOCUMENTS_ONLY', true],
    ['CORS_ORIGINS', ['https://app.example.com']],
    ['ISOLATE_CACHE_MS', { ms: 0 }],
  ])('are not ignored if their JSON is neither text nor a number: %s', (variable, value) => {
    const bindings = { GATEWAY, ...APP, AUTH: 'api-key', API_KEYS: KEY, [variable]: value };
    expect(() => readBindings(bindings)).toThrow(new RegExp(`^${variable}: must be text or a number`));
  });

  it('reject those that would have no effect', () => {
    const bindings = { GATEWAY, ...APP, AUTH: 'api-key', API_KEYS: KEY };
    expect(() => readBindings({ ...bindings, REDIS_URL: 'redis://redis' })).toThrow(/^REDIS_URL: has no effect/);
  });
});
