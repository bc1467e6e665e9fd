import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  ACCEPTED,
  forgeToken,
  jwtSettings,
  refused,
  signingKey,
  startGuarded,
  startIdentityProvider,
  startWithProvider,
  usualClaims,
  verdictOn,
} from '../support/identityProvider.ts';
import { runs } from '../support/runs.ts';

describe('a token that nobody signed who may is refused', () => {
  test('signed with another key under the published name', async () => {
    const { gateway, sign } = await startWithProvider();
    const { privateKey } = await signingKey('of somebody else');
    const key = { ...(await signingKey('a')), privateKey };
    expect(await verdictOn(gateway, await sign({ key }))).toEqual(refused());
  });

  test.each([
    ['{ alg: none }', { alg: 'none' }],
    ['{ alg: None }', { alg: 'None' }],
    ['{ alg: "" }', { alg: '' }],
    ['no alg', {}],
    ['an alg of null', { alg: null }],
    ['an alg in a list', { alg: ['RS256'] }],
    ['a name of an object', { alg: '__proto__' }],
    ['{ alg: none } with the published name', { alg: 'none', kid: 'a' }],
    ['RS256 without a signature', { alg: 'RS256', kid: 'a' }],
  ])('without a signature: %s', async (_what, header) => {
    const { gateway } = await startWithProvider();
    expect(await verdictOn(gateway, forgeToken(header, usualClaims(gateway.clock.now())))).toEqual(refused());
  });

  test('signed as a shared secret with what is public, whatever form of it is taken', async () => {
    const { gateway, key } = await startWithProvider();
    const pemGateway = await startGuarded(jwtSettings({ pem: key.pem }));
    const jwkGateway = await startGuarded(jwtSettings({ jwk: JSON.stringify(key.jwk) }));
    const { n = '' } = key.jwk;
    const secrets = [key.pem, key.pem.trim(), JSON.stringify(key.jwk), n, Buffer.from(n, 'base64url')];
    for (const secret of secrets) {
      const unsigned = forgeToken({ alg: 'HS256', kid: key.kid }, usualClaims(gateway.clock.now())).slice(0, -1);
      const token = `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
      for (const each of [gateway, pemGateway, jwkGateway]) expect(await verdictOn(each, token)).toEqual(refused());
    }
  });

  test('that brings its own key, or names where its key is', async () => {
    const { provider, gateway, sign } = await startWithProvider();
    const own = await signingKey('own');
    const elsewhere = await startIdentityProvider();
    elsewhere.publish(own);
    const jku = elsewhere.jwksUrl;
    for (const header of [{ jwk: own.jwk }, { jku }, { x5u: jku }, { jku, kid: 'a' }, { jwk: own.jwk, kid: 'a' }])
      expect(await verdictOn(gateway, await sign({ key: own, header }))).toEqual(refused());
    expect(elsewhere.asked()).toEqual([]);
    expect(provider.asked().length).toBeGreaterThan(0);
  });

  test.each(['../../etc/passwd', 'a\u0000', '', "' or 1=1 --", 'x'.repeat(4000)])(
    'with a key name that is none: %j',
    async (kid) => {
      const { gateway, sign } = await startWithProvider();
      expect(await verdictOn(gateway, await sign({ header: { kid } }))).toEqual(refused());
    },
  );

  test('of which one character is another', async () => {
    const { gateway, sign } = await startWithProvider();
    const token = await sign();
    expect(await verdictOn(gateway, token)).toEqual(ACCEPTED);
    // The last character of a signature holds bits that mean nothing.
    const place = fc.integer({ min: 0, max: token.length - 2 });
    const character = fc.constantFrom('A', 'B', 'z', '0', '9', '-', '_', '.');
    await fc.assert(
      fc.asyncProperty(place, character, async (index, other) => {
        fc.pre(token[index] !== other);
        expect(await verdictOn(gateway, token.slice(0, index) + other + token.slice(index + 1))).toEqual(refused());
      }),
      { numRuns: runs(30) },
    );
  });

  test('that is none at all', async () => {
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
      expect(await verdictOn(gateway, token)).toEqual(refused());
    expect(gateway.logs).toEqual([]);
  });
});
