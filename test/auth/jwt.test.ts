import { describe, expect, test } from 'vitest';

import { createJwtCheck } from '../../src/auth/jwt.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import {
  ACCEPTED,
  AUDIENCE,
  ISSUER,
  jwtSettings,
  rejected,
  signingKey,
  signToken,
  startGatewayWithAuth,
  startWithProvider,
  tryToken,
} from '../support/identityProvider.ts';

const SECONDS = 1000;

describe('a JSON Web Token', () => {
  test.each(['RS256', 'ES256'] as const)('that a published %s key signed is accepted', async (algorithm) => {
    const { provider, gateway, sign } = await startWithProvider();
    const key = await signingKey('b', algorithm);
    provider.publish(await signingKey('a'), key);
    expect(await tryToken(gateway, await sign({ key }))).toEqual(ACCEPTED);
  });

  test.each([
    ['a configured audience', AUDIENCE, true],
    ['a list with a configured audience', ['elsewhere', 'livestreams-eu'], true],
    ['another audience', 'elsewhere', false],
    ['a list of other audiences', ['elsewhere', 'livestreams '], false],
    ['an empty list', [], false],
    ['a prefix of a configured audience', 'livestream', false],
    ['no audience', undefined, false],
    ['an object', { 0: AUDIENCE }, false],
  ])('whose "aud" is %s: accepted is %s', async (_what, aud, isAccepted) => {
    const key = await signingKey('a');
    const gateway = await startGatewayWithAuth(
      jwtSettings({ pem: key.pem }, { audiences: [AUDIENCE, 'livestreams-eu'] }),
    );
    const token = await signToken({ key, now: gateway.clock.now(), claims: { aud } });
    expect(await tryToken(gateway, token)).toEqual(
      isAccepted
        ? ACCEPTED
        : rejected(/^The token's claim "aud" is not accepted: send a token that is valid now and for this gateway\.$/),
    );
  });

  test.each([
    ['another issuer', 'https://elsewhere.test/'],
    ['a prefix of the issuer', ISSUER.slice(0, -1)],
    ['a list', [ISSUER]],
    ['missing', undefined],
    ['empty', ''],
  ])('whose "iss" is %s is rejected', async (_what, iss) => {
    const { gateway, sign } = await startWithProvider();
    expect(await tryToken(gateway, await sign({ claims: { iss } }))).toEqual(
      rejected(/^The token's claim "iss" is not accepted: send a token that is valid now and for this gateway\.$/),
    );
  });

  test.each([
    ['no exp', { exp: undefined }, /"exp"/],
    ['a string as exp', { exp: '9999999999' }, /"exp"|token/],
    ['null as exp', { exp: null }, /token/],
    ['a string as nbf', { nbf: 'now' }, /token/],
  ])('with %s is rejected', async (_what, claims, message) => {
    const { gateway, sign } = await startWithProvider();
    expect(await tryToken(gateway, await sign({ claims }))).toEqual(rejected(message));
  });
});

describe('the clock skew', () => {
  test('extends the expiry of a token, not by a second more', async () => {
    const { gateway, sign } = await startWithProvider(30);
    const token = await sign({ claims: { exp: gateway.clock.now() / SECONDS + 60 } });
    gateway.clock.advance(89 * SECONDS);
    expect(await tryToken(gateway, token)).toEqual(ACCEPTED);
    gateway.clock.advance(1 * SECONDS);
    expect(await tryToken(gateway, token)).toEqual(rejected(/^The token has expired: send a new one\.$/));
  });

  test('advances the "nbf" of a token, not by a second more', async () => {
    const { gateway, sign } = await startWithProvider(30);
    const token = await sign({ claims: { nbf: gateway.clock.now() / SECONDS + 91 } });
    gateway.clock.advance(60 * SECONDS);
    expect(await tryToken(gateway, token)).toEqual(
      rejected(/^The token's claim "nbf" is not accepted: send a token that is valid now and for this gateway\.$/),
    );
    gateway.clock.advance(1 * SECONDS);
    expect(await tryToken(gateway, token)).toEqual(ACCEPTED);
  });

  test('may be 0', async () => {
    const { gateway, sign } = await startWithProvider(0);
    const token = await sign({ claims: { exp: gateway.clock.now() / SECONDS + 60 } });
    gateway.clock.advance(59 * SECONDS);
    expect(await tryToken(gateway, token)).toEqual(ACCEPTED);
    gateway.clock.advance(1 * SECONDS);
    expect(await tryToken(gateway, token)).toEqual(rejected(/^The token has expired: send a new one\.$/));
  });
});

describe('the scopes of a token', () => {
  const READ = '{ meeting(id: "a") { id } }';

  test.each([
    [{ scope: 'livestream:read' }, true],
    [{ scope: 'openid  livestream:read livestream:write' }, true],
    [{ scope: ['openid', 'livestream:read'] }, true],
    [{ scope: undefined, scp: 'livestream:read' }, true],
    [{ scope: undefined, scp: ['livestream:read'] }, true],
    [{ scope: undefined, scopes: ['livestream:read'] }, true],
    [{ scope: 'openid', scopes: 'livestream:read' }, true],
    [{ scope: undefined }, false],
    [{ scope: '' }, false],
    [{ scope: 'livestream:write livestream:secret' }, false],
    [{ scope: 'livestream:readall xlivestream:read LIVESTREAM:READ' }, false],
    [{ scope: 'livestream:read,livestream:write' }, false],
    [{ scope: { 'livestream:read': true } }, false],
    [{ scope: [['livestream:read']] }, false],
    [{ scope: true, scp: 1, scopes: null }, false],
    [{ scope: undefined, permissions: ['livestream:read'], roles: ['livestream:read'] }, false],
  ])('come from its claims: with %j, reading is allowed: %s', async (claims, mayRead) => {
    const key = await signingKey('a');
    const gateway = await startGatewayWithAuth(jwtSettings({ pem: key.pem }));
    const token = await signToken({ key, now: gateway.clock.now(), claims });
    const headers = { authorization: `Bearer ${token}` };
    const { status, data, errors } = await gateway.send({ query: READ }, { headers });

    expect({ status, data }).toEqual({ status: 200, data: { meeting: mayRead ? { id: 'a' } : null } });
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(mayRead ? [] : ['FORBIDDEN']);
  });
});

test.each([
  ['somebody', 'somebody'],
  [42, '42'],
  [{ name: 'somebody' }, ''],
  [['somebody'], ''],
  [undefined, ''],
])('the id of a caller is a string, whatever "sub" is: %j becomes %j', async (sub, id) => {
  const key = await signingKey('a');
  const clock = createFakeClock();
  const settings = { issuer: ISSUER, audiences: [AUDIENCE], clockSkewSeconds: 0, key: { pem: key.pem } };
  const check = createJwtCheck(settings, { clock, transport: async () => Promise.reject(new Error()), log: () => {} });
  expect((await check(await signToken({ key, now: clock.now(), claims: { sub } }))).id).toBe(id);
});
