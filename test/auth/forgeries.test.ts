import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  ACCEPTED,
  forgeToken,
  jwtSettings,
  rejected,
  signingKey,
  startGatewayWithAuth,
  startIdentityProvider,
  startWithProvider,
  usualClaims,
  tryToken,
} from '../support/identityProvider.ts';
import { runs } from '../support/runs.ts';

describe('a forged token is rejected', () => {
  test('when another key signed it under the published key id', async () => {
    const { gateway, sign } = await startWithProvider();
    const { privateKey } = await signingKey('attacker');
    const key = { ...(await signingKey('a')), privateKey };
    expect(await tryToken(gateway, await sign({ key }))).toEqual(rejected());
  });

  test.each([
    ['{ alg: none }', { alg: 'none' }],
    ['{ alg: None }', { alg: 'None' }],
    ['{ alg: "" }', { alg: '' }],
    ['no alg', {}],
    ['an alg of null', { alg: null }],
    ['an alg in a list', { alg: ['RS256'] }],
    ['a property name of every object', { alg: '__proto__' }],
    ['{ alg: none } with the published key id', { alg: 'none', kid: 'a' }],
    ['RS256 without a signature', { alg: 'RS256', kid: 'a' }],
  ])('when it has no signature: %s', async (_what, header) => {
    const { gateway } = await startWithProvider();
    expect(await tryToken(gateway, forgeToken(header, usualClaims(gateway.clock.now())))).toEqual(rejected());
  });

  test('when the public key, in any form, signed it as a shared secret', async () => {
    const { gateway, key } = await startWithProvider();
    const pemGateway = await startGatewayWithAuth(jwtSettings({ pem: key.pem }));
    const jwkGateway = await startGatewayWithAuth(jwtSettings({ jwk: JSON.stringify(key.jwk) }));
    const { n = '' } = key.jwk;
    const secrets = [key.pem, key.pem.trim(), JSON.stringify(key.jwk), n, Buffer.from(n, 'base64url')];
    for (const secret of secrets) {
      const unsigned = forgeToken({ alg: 'HS256', kid: key.kid }, usualClaims(gateway.clock.now())).slice(0, -1);
      const token = `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
      for (const verifier of [gateway, pemGateway, jwkGateway])
        expect(await tryToken(verifier, token)).toEqual(rejected());
    }
  });

  test('when it carries its own key, or the URL of its key', async () => {
    const { provider, gateway, sign } = await startWithProvider();
    const attackersKey = await signingKey('own');
    const elsewhere = await startIdentityProvider();
    elsewhere.publish(attackersKey);
    const jku = elsewhere.jwksUrl;
    for (const header of [
      { jwk: attackersKey.jwk },
      { jku },
      { x5u: jku },
      { jku, kid: 'a' },
      { jwk: attackersKey.jwk, kid: 'a' },
    ])
      expect(await tryToken(gateway, await sign({ key: attackersKey, header }))).toEqual(rejected());
    expect(elsewhere.requestedPaths()).toEqual([]);
    expect(provider.requestedPaths().length).toBeGreaterThan(0);
  });

  test.each(['../../etc/passwd', 'a\u0000', '', "' or 1=1 --", 'x'.repeat(4000)])(
    'when its key id is invalid: %j',
    async (kid) => {
      const { gateway, sign } = await startWithProvider();
      expect(await tryToken(gateway, await sign({ header: { kid } }))).toEqual(rejected());
    },
  );

  test('when any single character is changed', async () => {
    const { gateway, sign } = await startWithProvider();
    const token = await sign();
    expect(await tryToken(gateway, token)).toEqual(ACCEPTED);
    // The last character of a signature contains padding bits, so a change there may be harmless.
    const position = fc.integer({ min: 0, max: token.length - 2 });
    const character = fc.constantFrom('A', 'B', 'z', '0', '9', '-', '_', '.');
    await fc.assert(
      fc.asyncProperty(position, character, async (index, replacement) => {
        fc.pre(token[index] !== replacement);
        expect(await tryToken(gateway, token.slice(0, index) + replacement + token.slice(index + 1))).toEqual(
          rejected(),
        );
      }),
      { numRuns: runs(30) },
    );
  });

  test('when it is not a JSON Web Token', async () => {
    const { gateway, sign } = await startWithProvider();
    const [header = '', payload = '', signature = ''] = (await sign()).split('.');
    const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`;
    for (const token of [
      'abc',
      'a.b.c',
      '..',
      `${header}.${payload}`,
      `${header}..${signature}`,
      `${header}.${payload}.${signature}.${signature}`,
      `${header}.${payload}.${signature}=`,
      forgeToken({ alg: 'RS256', kid: 'a' }, deep, 'AAAA'),
      forgeToken([], [], 'AAAA'),
      forgeToken(null, null, 'AAAA'),
      forgeToken({ alg: 'RS256', kid: 'a', crit: ['exp'], exp: 1 }, {}, 'AAAA'),
      forgeToken({ alg: 'RS256', kid: 'a', crit: ['b64'], b64: false }, {}, 'AAAA'),
      forgeToken({ alg: 'RS256', kid: 'a', zip: 'DEF', enc: 'A128GCM' }, {}, 'AAAA'),
    ])
      expect(await tryToken(gateway, token)).toEqual(rejected());
    expect(gateway.logs).toEqual([]);
  });
});
