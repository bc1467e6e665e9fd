import { describe, expect, test } from 'vitest';

import type { Environment } from '../../src/config/env.ts';
import { readConfig as readConfigWithFiles } from '../../src/config/index.ts';

const readConfig = (environment: Environment) => readConfigWithFiles(environment, () => '');

const JWT = {
  AUTH: 'jwt',
  JWT_ISSUER: 'https://login.example.com/',
  JWT_AUDIENCE: 'a',
  JWT_JWKS_URL: 'https://login.example.com/jwks.json',
};

describe('the settings of callers’ shares', () => {
  test('CALLER_WEIGHTS names callers and their weights, also names with spaces or equals signs', () => {
    const { callerShares } = readConfig({ CALLER_WEIGHTS: 'dashboard=3, batch = 0.5,\nauth0|abc==2,the wall=10' });
    expect(callerShares?.weights).toEqual(
      new Map([
        ['dashboard', 3],
        ['batch', 0.5],
        ['auth0|abc=', 2],
        ['the wall', 10],
      ]),
    );
  });

  test.each(['dashboard', 'dashboard=', '=3', 'dashboard=0', 'dashboard=-1', 'dashboard=1001', 'a=1e3', 'a=1, a=2'])(
    'CALLER_WEIGHTS: "%s" is rejected',
    (text) => {
      expect(() => readConfig({ CALLER_WEIGHTS: text })).toThrow(
        /^CALLER_WEIGHTS: must be names with positive numbers of at most 1000, .* Example: CALLER_WEIGHTS='dashboard=3, batch=0\.5'$/,
      );
    },
  );

  test('CALLER_SHARES turns shares off', () => {
    expect(readConfig({ CALLER_SHARES: 'off', CALLER_WEIGHTS: 'dashboard=3' }).callerShares).toBeNull();
  });

  test('CALLER_CLAIM names the claim of the caller’s name', () => {
    expect(readConfig({ ...JWT, CALLER_CLAIM: 'tenant' }).auth).toMatchObject({ callerClaim: 'tenant' });
  });
});
