import { createSign, generateKeyPairSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { matching } from '../support/gateway.ts';
import {
  ACCEPTED,
  forgeToken,
  KEYS_PATH,
  type KeyResponse,
  rejected,
  signingKey,
  signToken,
  startGatewayWithAuth,
  startIdentityProvider,
  startWithProvider,
  tryToken,
  usualClaims,
} from '../support/identityProvider.ts';
import { eventually } from '../support/eventually.ts';

const SECOND = 1000;
/** Longer than the TTL of the JWK Set. */
const PAST_TTL = 11 * 60 * SECOND;

/** Like `startWithProvider`, with tokens that stay valid throughout the test. */
async function start() {
  const { gateway, sign, ...rest } = await startWithProvider();
  const claims = { exp: gateway.clock.now() / SECOND + 86_400 };
  return { ...rest, gateway, sign: async (kid = 'a') => sign({ key: await signingKey(kid), claims }) };
}

/** No keys are available: the caller is not at fault and may retry. */
const UNAVAILABLE = {
  status: 503,
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'The keys that verify tokens are not available. Try again later.',
  challenge: null,
  upstreamRequests: 0,
  leakedParts: [],
};

const FAILURES: KeyResponse[] = ['error', 'reset', 'redirect', 'huge', 'html', 'truncated', 'not-keys', 'no-content'];

describe('a JWK Set', () => {
  test('is fetched with the first token, once for all concurrent requests', async () => {
    const { provider, gateway, sign } = await start();
    expect(provider.requestedPaths()).toEqual([]);
    const token = await sign();
    const verdicts = await Promise.all([1, 2, 3, 4].map(async () => tryToken(gateway, token)));

    expect(verdicts).toEqual([ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED]);
    gateway.clock.advance(9 * 60 * SECOND);
    expect(await tryToken(gateway, token)).toEqual(ACCEPTED);
    expect(provider.requestedPaths()).toEqual([KEYS_PATH]);
  });

  test('is fetched again when a token names an unknown key', async () => {
    const { provider, gateway, key, sign } = await start();
    expect(await tryToken(gateway, await sign())).toEqual(ACCEPTED);
    provider.publish(key, await signingKey('b'));
    gateway.clock.advance(2 * SECOND);

    expect(await tryToken(gateway, await sign('b'))).toEqual(ACCEPTED);
    expect(await tryToken(gateway, await sign())).toEqual(ACCEPTED);
    expect(provider.requestedPaths()).toHaveLength(2);
  });

  test('stops accepting a removed key after its TTL', async () => {
    const { provider, gateway, sign } = await start();
    expect(await tryToken(gateway, await sign())).toEqual(ACCEPTED);
    provider.publish(await signingKey('b'));
    gateway.clock.advance(PAST_TTL);

    expect(await tryToken(gateway, await sign())).toEqual(rejected());
    expect(await tryToken(gateway, await sign('b'))).toEqual(ACCEPTED);
  });

  test('verifies a token without a key id with each key that fits, as while keys are rotated', async () => {
    const { provider, gateway, key } = await start();
    const now = gateway.clock.now();
    const keys = [key, await signingKey('b'), await signingKey('c')];
    provider.publish(...keys);
    const header = { kid: undefined };
    for (const signer of keys) {
      expect(await tryToken(gateway, await signToken({ key: signer, now, header }))).toEqual(ACCEPTED);
    }
    const expired = await signToken({ key: await signingKey('b'), now, header, claims: { exp: now / SECOND - 60 } });
    expect(await tryToken(gateway, expired)).toEqual(rejected(/^The token has expired/));
    expect(await tryToken(gateway, await signToken({ key: await signingKey('d'), now, header }))).toEqual(rejected());
  });

  test('is not fetched for every token that names an unknown key', async () => {
    const { provider, gateway, sign } = await start();
    await tryToken(gateway, await sign());
    const unknownKeys = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => sign(`stranger ${index % 2}`)),
    );
    gateway.clock.advance(2 * SECOND);
    for (const token of unknownKeys) expect(await tryToken(gateway, token)).toEqual(rejected());
    expect(provider.requestedPaths()).toHaveLength(2);
  });

  test('is requested without any credential of the caller', async () => {
    const sent: string[] = [];
    const provider = await startIdentityProvider();
    const key = await signingKey('a');
    provider.publish(key);
    const gateway = await startGatewayWithAuth(provider.settings(), {
      intercept: (send) => async (request) => {
        if (request.url === provider.jwksUrl) sent.push(JSON.stringify(request.headers));
        return send(request);
      },
    });
    const token = await signToken({ key, now: gateway.clock.now() });
    expect(await tryToken(gateway, token)).toEqual(ACCEPTED);

    expect(sent).toHaveLength(1);
    expect(sent[0]).not.toMatch(/authorization|bearer/i);
    expect(sent[0]).not.toContain(token);
  });
});

describe('a key of a JWK Set that cannot verify tokens', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const shortKey = publicKey.export({ format: 'jwk' });

  test.each([
    ['is shorter than RSA demands', shortKey, /2048/],
    ['is corrupt', { ...shortKey, n: '!!' }, /Error/],
  ])('causes a 503 and one error in the log that names the cause, if it %s', async (_how, jwk, cause) => {
    const { provider, gateway, key } = await start();
    provider.publish(key, { ...key, kid: 'short', jwk: { ...jwk, kid: 'short' } });
    const unsigned = forgeToken({ alg: 'RS256', kid: 'short' }, usualClaims(gateway.clock.now())).slice(0, -1);
    const token = `${unsigned}.${createSign('sha256').update(unsigned).sign(privateKey, 'base64url')}`;
    expect(await tryToken(gateway, token)).toEqual(UNAVAILABLE);
    expect(await tryToken(gateway, token)).toEqual(UNAVAILABLE);

    const fields = { tokens: 1, error: matching(cause) };
    expect(gateway.logs).toEqual([{ level: 'error', message: 'A key of the JWK Set cannot verify tokens.', fields }]);
  });
});

describe('a JWK Set that cannot be fetched', () => {
  test.each(FAILURES)('causes a 503 when no keys are cached: %s', async (failure) => {
    const { provider, gateway, sign } = await start();
    provider.setKeyResponse(failure);
    const verdict = await tryToken(gateway, await sign());

    expect(verdict).toEqual(UNAVAILABLE);
    expect(new Set(provider.requestedPaths())).toEqual(new Set([KEYS_PATH]));
    expect(gateway.logs).toMatchObject([{ level: 'error', message: 'Cannot fetch the JWK Set.' }]);
    expect(JSON.stringify(gateway.logs)).not.toContain(new URL(provider.jwksUrl).host);
    provider.setKeyResponse('keys');
    gateway.clock.advance(60 * SECOND);
    expect(await tryToken(gateway, await sign())).toEqual(ACCEPTED);
  });

  test.each(FAILURES)('leaves the expired keys in use, and no others: %s', async (failure) => {
    const { provider, gateway, sign } = await start();
    expect(await tryToken(gateway, await sign())).toEqual(ACCEPTED);
    provider.publish(await signingKey('b'));
    provider.setKeyResponse(failure);
    gateway.clock.advance(PAST_TTL);

    expect(await tryToken(gateway, await sign())).toEqual(ACCEPTED);
    expect(await tryToken(gateway, await sign('b'))).toEqual(rejected());
    expect(new Set(gateway.logs.map(({ level }) => level))).toEqual(new Set(['warn']));
    provider.setKeyResponse('keys');
    gateway.clock.advance(PAST_TTL);
    expect(await tryToken(gateway, await sign())).toEqual(rejected());
    expect(await tryToken(gateway, await sign('b'))).toEqual(ACCEPTED);
  });

  test('causes a 503 after a timeout of 5 s when the provider does not respond', async () => {
    const { provider, gateway, sign } = await start();
    provider.setKeyResponse('hang');
    const verdict = tryToken(gateway, await sign());
    await eventually(() => expect(provider.requestedPaths()).toHaveLength(1));
    gateway.clock.advance(5 * SECOND);

    expect(await verdict).toEqual(UNAVAILABLE);
    expect(gateway.logs).toMatchObject([
      { message: 'Cannot fetch the JWK Set.', fields: { error: 'Error: no response within 5 s' } },
    ]);
  });

  test('leaves the expired keys in use after the timeout when the provider does not respond', async () => {
    const { provider, gateway, sign } = await start();
    expect(await tryToken(gateway, await sign())).toEqual(ACCEPTED);
    provider.setKeyResponse('hang');
    gateway.clock.advance(PAST_TTL);
    const verdict = tryToken(gateway, await sign());
    await eventually(() => expect(provider.requestedPaths()).toHaveLength(2));
    gateway.clock.advance(5 * SECOND);

    expect(await verdict).toEqual(ACCEPTED);
  });

  test('delays no request that uses a known key: the fetch before the TTL expires, and retries, run in the background', async () => {
    const { provider, gateway, sign } = await start();
    const token = await sign();
    expect(await tryToken(gateway, token)).toEqual(ACCEPTED);
    provider.setKeyResponse('hang');
    gateway.clock.advance(9 * 60 * SECOND + 30 * SECOND);
    for (let fetches = 2; fetches < 8; fetches += 1) {
      expect(await tryToken(gateway, token)).toEqual(ACCEPTED);
      await eventually(() => expect(provider.requestedPaths()).toHaveLength(fetches));
      // To the timeout, and to the next retry.
      gateway.clock.advance(5 * SECOND);
      await eventually(() => expect(gateway.logs).toHaveLength(fetches - 1));
      gateway.clock.advance(5 * SECOND);
    }
  });

  test('makes a token with an unknown key wait for the fetch', async () => {
    const { provider, gateway, sign } = await start();
    expect(await tryToken(gateway, await sign())).toEqual(ACCEPTED);
    provider.setKeyResponse('hang');
    gateway.clock.advance(2 * SECOND);
    const verdict = tryToken(gateway, await sign('b'));
    await eventually(() => expect(provider.requestedPaths()).toHaveLength(2));
    gateway.clock.advance(5 * SECOND);

    expect(await verdict).toEqual(rejected());
  });
});

test('a 503 without keys is a GraphQL error that is retryable', async () => {
  const { provider, gateway, sign } = await start();
  provider.setKeyResponse('error');
  const headers = { authorization: `Bearer ${await sign()}` };
  const { status, errors } = await gateway.send({ query: '{ __typename }' }, { headers });

  expect(status).toBe(503);
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } }]);
});
