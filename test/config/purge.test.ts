import { describe, expect, test } from 'vitest';

import { ConfigError, type Environment } from '../../src/config/env.ts';
import { readConfig } from '../../src/config/index.ts';

const CLOUDFLARE = {
  PURGE_CLOUDFLARE_ZONE: '9a7806061c88ada191ed06f989cc3dac',
  PURGE_CLOUDFLARE_TOKEN: 'cf-t0ken.secret',
};
const ROUTER = { PURGE_ROUTER_URL: 'http://router.internal:3000/invalidation', PURGE_ROUTER_KEY: 'c2hhcmVkIGtleQ==' };
const REAL = {
  CLOUDFLARE_ACCOUNT_ID: '023e105f4ecef8ad9ca31a8372d0c353',
  REALTIMEKIT_APP_ID: '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11',
  CLOUDFLARE_API_TOKEN: 'a-token',
};

const purgeOf = (environment: Environment) => readConfig(environment, () => '').purge;

/** The message of the `ConfigError` that the settings cause. */
function errorOf(environment: Environment): string {
  try {
    purgeOf(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('the settings of purges', () => {
  test('select no endpoint by default', () => {
    expect(purgeOf({})).toBeNull();
    expect(purgeOf({ PURGE_CLOUDFLARE_ZONE: '', PURGE_ROUTER_KEY: ' ' })).toBeNull();
  });

  test('select a zone of Cloudflare', () => {
    expect(purgeOf(CLOUDFLARE)).toEqual({
      cloudflare: {
        baseUrl: 'https://api.cloudflare.com/client/v4',
        zoneId: CLOUDFLARE.PURGE_CLOUDFLARE_ZONE,
        token: CLOUDFLARE.PURGE_CLOUDFLARE_TOKEN,
      },
      router: null,
    });
  });

  test('use the base URL of the API of a real app', () => {
    const settings = { ...REAL, CLOUDFLARE_BASE_URL: 'https://api.internal/v4/', ...CLOUDFLARE };
    expect(purgeOf(settings)?.cloudflare?.baseUrl).toBe('https://api.internal/v4');
  });

  test('select an Apollo Router, in which this subgraph is called "livestreams" unless they say otherwise', () => {
    const router = { url: ROUTER.PURGE_ROUTER_URL, key: ROUTER.PURGE_ROUTER_KEY, subgraph: 'livestreams' };
    expect(purgeOf(ROUTER)).toEqual({ cloudflare: null, router });
    expect(purgeOf({ ...ROUTER, PURGE_ROUTER_SUBGRAPH: 'video' })?.router?.subgraph).toBe('video');
  });

  test('select both', () => {
    expect(purgeOf({ ...CLOUDFLARE, ...ROUTER })).toMatchObject({ cloudflare: {}, router: {} });
  });

  test.each<[string, Environment]>([
    ['PURGE_CLOUDFLARE_ZONE', { PURGE_CLOUDFLARE_TOKEN: CLOUDFLARE.PURGE_CLOUDFLARE_TOKEN }],
    ['PURGE_CLOUDFLARE_TOKEN', { PURGE_CLOUDFLARE_ZONE: CLOUDFLARE.PURGE_CLOUDFLARE_ZONE }],
    ['PURGE_ROUTER_URL', { PURGE_ROUTER_KEY: ROUTER.PURGE_ROUTER_KEY }],
    ['PURGE_ROUTER_URL', { PURGE_ROUTER_SUBGRAPH: 'video' }],
    ['PURGE_ROUTER_KEY', { PURGE_ROUTER_URL: ROUTER.PURGE_ROUTER_URL }],
  ])('are rejected where %s is missing', (name, environment) => {
    expect(errorOf(environment)).toMatch(new RegExp(`^${name}: must be set to .+\\. Example: ${name}=\\S+$`));
  });

  test.each([
    ['PURGE_CLOUDFLARE_ZONE', 'example.com'],
    ['PURGE_CLOUDFLARE_ZONE', 'a-secret'],
    ['PURGE_CLOUDFLARE_TOKEN', 'Bearer a-secret'],
    ['PURGE_ROUTER_URL', 'router.internal:3000'],
    ['PURGE_ROUTER_URL', 'redis://router.internal'],
    ['PURGE_ROUTER_URL', 'http://user:secret@router.internal/'],
    ['PURGE_ROUTER_KEY', 'two secrets in a row'],
    ['PURGE_ROUTER_KEY', 'secret'],
    ['PURGE_ROUTER_KEY', 'ein-größeres-secret'],
    ['PURGE_ROUTER_SUBGRAPH', 'video # comment'],
  ])('are rejected in one line that repeats no secret: %s=%s', (name, value) => {
    const message = errorOf({ ...CLOUDFLARE, ...ROUTER, [name]: value });
    expect(message).toMatch(new RegExp(`^${name}: must .+ Example: ${name}=\\S+$`));
    expect(message).not.toContain('secret');
  });

  test('have valid examples', () => {
    const all = { ...CLOUDFLARE, ...ROUTER };
    for (const name of Object.keys(all)) {
      const [, example] = /Example: \w+=(\S+)$/.exec(errorOf({ ...all, [name]: 'ä' })) ?? [];
      expect(errorOf({ ...all, [name]: example })).toBe('no error');
    }
  });
});
