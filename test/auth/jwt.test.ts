import { describe, expect, test } from 'vitest';

import {
  ACCEPTED,
  AUDIENCE,
  ISSUER,
  jwtSettings,
  refused,
  signingKey,
  signToken,
  startGuarded,
  startWithProvider,
  verdictOn,
} from '../support/identityProvider.ts';

const SECONDS = 1000;

describe('a token that was signed with a published key, by the issuer and for this gateway,', () => {
  test.each(['RS256', 'ES256'] as const)('is accepted: %s', async (algorithm) => {
    const { provider, gateway, sign } = await startWithProvider();
    const key = await signingKey('b', algorithm);
    provider.publish(await signingKey('a'), key);
    expect(await verdictOn(gateway, await sign({ key }))).toEqual(ACCEPTED);
  });

  test.each([
    ['one', AUDIENCE, true],
    ['a list with one', ['elsewhere', 'livestreams-eu'], true],
    ['another', 'elsewhere', false],
    ['a list of others', ['elsewhere', 'livestreams '], false],
    ['an empty list', [], false],
    ['the beginning of one', 'livestream', false],
    ['none', undefined, false],
    ['no text', { 0: AUDIENCE }, false],
  ])('has one of the audiences: %s', async (_what, aud, isAccepted) => {
    const key = await signingKey('a');
    const gateway = await startGuarded(jwtSettings({ pem: key.pem }, { audiences: [AUDIENCE, 'livestreams-eu'] }));
    const token = await signToken({ key, now: gateway.clock.now(), claims: { aud } });
    expect(await verdictOn(gateway, token)).toEqual(
      isAccepted ? ACCEPTED : refused(/^The token's claim "aud" is not accepted\.$/),
    );
  });

  test.each([
    ['another', 'https://elsewhere.test/'],
    ['nearly the same', ISSUER.slice(0, -1)],
    ['in a list', [ISSUER]],
    ['none', undefined],
    ['empty', ''],
  ])('has the issuer: %s is refused', async (_what, iss) => {
    const { gateway, sign } = await startWithProvider();
    expect(await verdictOn(gateway, await sign({ claims: { iss } }))).toEqual(
      refused(/^The token's claim "iss" is not accepted\.$/),
    );
  });

  test.each([
    ['no exp', { exp: undefined }, /"exp"/],
    ['an exp that is a text', { exp: '9999999999' }, /"exp"|token/],
    ['an exp of null', { exp: null }, /token/],
    ['an nbf that is a text', { nbf: 'now' }, /token/],
  ])('has times that are numbers: %s is refused', async (_what, claims, message) => {
    const { gateway, sign } = await startWithProvider();
    expect(await verdictOn(gateway, await sign({ claims }))).toEqual(refused(message));
  });
});

describe('clocks may differ by the skew that is set, and by no second more', () => {
  test('where a token ends', async () => {
    const { gateway, sign } = await startWithProvider(30);
    const token = await sign({ claims: { exp: gateway.clock.now() / SECONDS + 60 } });
    gateway.clock.advance(89 * SECONDS);
    expect(await verdictOn(gateway, token)).toEqual(ACCEPTED);
    gateway.clock.advance(1 * SECONDS);
    expect(await verdictOn(gateway, token)).toEqual(refused(/^The token has expired\.$/));
  });

  test('where a token begins', async () => {
    const { gateway, sign } = await startWithProvider(30);
    const token = await sign({ claims: { nbf: gateway.clock.now() / SECONDS + 91 } });
    gateway.clock.advance(60 * SECONDS);
    expect(await verdictOn(gateway, token)).toEqual(refused(/^The token's claim "nbf" is not accepted\.$/));
    gateway.clock.advance(1 * SECONDS);
    expect(await verdictOn(gateway, token)).toEqual(ACCEPTED);
  });

  test('which may be none', async () => {
    const { gateway, sign } = await startWithProvider(0);
    const token = await sign({ claims: { exp: gateway.clock.now() / SECONDS + 60 } });
    gateway.clock.advance(59 * SECONDS);
    expect(await verdictOn(gateway, token)).toEqual(ACCEPTED);
    gateway.clock.advance(1 * SECONDS);
    expect(await verdictOn(gateway, token)).toEqual(refused(/^The token has expired\.$/));
  });
});

describe('what a caller may do stands in the token', () => {
  const READS = '{ meeting(id: "a") { id } }';

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
  ])('%j: may read %s', async (claims, mayRead) => {
    const key = await signingKey('a');
    const gateway = await startGuarded(jwtSettings({ pem: key.pem }));
    const token = await signToken({ key, now: gateway.clock.now(), claims });
    const headers = { authorization: `Bearer ${token}` };
    const { status, data, errors } = await gateway.send({ query: READS }, { headers });

    expect({ status, data }).toEqual({ status: 200, data: { meeting: mayRead ? { id: 'a' } : null } });
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(mayRead ? [] : ['FORBIDDEN']);
  });
});
