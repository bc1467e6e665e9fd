import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { validateJwtKey } from '../../src/server/validateJwtKey.ts';
import {
  ACCEPTED,
  forgeToken,
  jwtSettings,
  rejected,
  type SigningKey,
  signingKey,
  signToken,
  startGatewayWithAuth,
  usualClaims,
  tryToken,
} from '../support/identityProvider.ts';

describe('a key in JWT_KEY', () => {
  const forms: [string, (key: SigningKey) => { pem: string } | { jwk: string }][] = [
    ['PEM', ({ pem }) => ({ pem })],
    ['JWK', ({ jwk }) => ({ jwk: JSON.stringify(jwk) })],
    ['JWK without an algorithm', ({ jwk: { alg: _alg, ...jwk } }) => ({ jwk: JSON.stringify(jwk) })],
  ];
  const algorithms = ['RS256', 'ES256'] as const;
  const cases = forms.flatMap(([name, form]) => algorithms.map((algorithm) => [name, algorithm, form] as const));

  test.each(cases)('as a %s of %s verifies tokens whatever key id they name', async (_name, algorithm, form) => {
    const key = await signingKey('a', algorithm);
    const gateway = await startGatewayWithAuth(jwtSettings(form(key)));
    const now = gateway.clock.now();
    expect(await tryToken(gateway, await signToken({ key, now }))).toEqual(ACCEPTED);
    expect(await tryToken(gateway, await signToken({ key, now, header: { kid: 'another' } }))).toEqual(ACCEPTED);
    expect(await tryToken(gateway, await signToken({ key: await signingKey('b', algorithm), now }))).toEqual(
      rejected(),
    );
    const otherAlgorithm = algorithm === 'RS256' ? 'ES256' : 'RS256';
    expect(await tryToken(gateway, await signToken({ key: await signingKey('a', otherAlgorithm), now }))).toEqual(
      rejected(),
    );
  });

  test.each([
    [32, ACCEPTED],
    [31, null],
  ])('may be a shared secret that is as long as the hash: of %i bytes, for HS256', async (length, verdict) => {
    const secret = Buffer.alloc(length, 'secret');
    const jwk = JSON.stringify({ kty: 'oct', k: secret.toString('base64url') });
    const gateway = await startGatewayWithAuth(jwtSettings({ jwk }));
    const unsigned = forgeToken({ alg: 'HS256' }, usualClaims(gateway.clock.now())).slice(0, -1);
    const token = `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
    expect(await tryToken(gateway, token)).toEqual(verdict ?? rejected());
  });

  test('may be a shared secret, which verifies HMAC algorithms only', async () => {
    const secret = Buffer.from('a shared secret that is long enough '.repeat(2));
    const jwk = JSON.stringify({ kty: 'oct', k: secret.toString('base64url') });
    const gateway = await startGatewayWithAuth(jwtSettings({ jwk }));
    const claims = usualClaims(gateway.clock.now());
    const hmac = (alg: string, hash: string): string => {
      const unsigned = forgeToken({ alg }, claims).slice(0, -1);
      return `${unsigned}.${createHmac(hash, secret).update(unsigned).digest('base64url')}`;
    };
    expect(await tryToken(gateway, hmac('HS256', 'sha256'))).toEqual(ACCEPTED);
    expect(await tryToken(gateway, hmac('HS512', 'sha512'))).toEqual(ACCEPTED);
    expect(await tryToken(gateway, hmac('HS256', 'sha512'))).toEqual(rejected());
    expect(await tryToken(gateway, hmac('RS256', 'sha256'))).toEqual(rejected());
    expect(await tryToken(gateway, forgeToken({ alg: 'none' }, claims))).toEqual(rejected());
    const key = await signingKey('a');
    expect(await tryToken(gateway, await signToken({ key, now: gateway.clock.now() }))).toEqual(rejected());
  });
});

describe('JWT_KEY is rejected at the start, with a message that says which keys can verify tokens, if it is', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const shortRsa = generateKeyPairSync('rsa', { modulusLength: 2047 });
  const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const asJwk = (key: KeyObject, members: object = {}) => ({
    jwk: JSON.stringify({ ...key.export({ format: 'jwk' }), ...members }),
  });
  const asPem = (key: KeyObject, type: 'spki' | 'pkcs1' | 'pkcs8') => ({
    pem: key.export({ format: 'pem', type }).toString(),
  });

  test.each([
    ['a short RSA key as PEM', asPem(shortRsa.publicKey, 'spki')],
    ['a short RSA key as JWK', asJwk(shortRsa.publicKey)],
    ['a private key as PEM', asPem(rsa.privateKey, 'pkcs8')],
    ['a private key as JWK', asJwk(rsa.privateKey)],
    ['PKCS#1', asPem(rsa.publicKey, 'pkcs1')],
    ['a key for encryption', asJwk(rsa.publicKey, { use: 'enc' })],
    ['on a curve that no algorithm uses', asJwk(secp256k1.publicKey)],
    ['a JWK Set', { jwk: JSON.stringify({ keys: [rsa.publicKey.export({ format: 'jwk' })] }) }],
    ['a short secret', { jwk: JSON.stringify({ kty: 'oct', k: 'c2VjcmV0' }) }],
  ])('%s', async (_what, key) => {
    await expect(validateJwtKey(jwtSettings(key))).rejects.toThrow(
      /^JWT_KEY: must be a public key that can verify tokens, in PEM \(SPKI\) or as one JWK \(not a set\), with at least 2048 bits if it is RSA; or a secret JWK of at least 32 bytes\. Example: /,
    );
    await expect(validateJwtKey(jwtSettings(asPem(rsa.publicKey, 'spki')))).resolves.toBeUndefined();
  });
});
