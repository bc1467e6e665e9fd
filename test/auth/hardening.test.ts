import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';

import { exportJWK, generateKeyPair } from 'jose';
import { graphql } from 'graphql';
import { createSchema } from 'graphql-yoga';
import { describe, expect, test } from 'vitest';

import { importUsableKeys } from '../../src/auth/jwtKeys.ts';
import { enforceScopes } from '../../src/graphql/requiresScopes.ts';
import type { Context } from '../../src/graphql/context.ts';
import { ACCOUNT, matching, startTestGateway, TOKEN } from '../support/gateway.ts';
import {
  apiKeySettings,
  forgeToken,
  jwtSettings,
  rejected,
  startGatewayWithAuth,
  startWithProvider,
  usualClaims,
  tryToken,
} from '../support/identityProvider.ts';

const STREAM_KEY = 'f26566285faca6fbe2e79a73a66rsrrsrrsr3cde23a2bb7dbc6c2c1761b98f4e4';

test('errorMessage of a session contains no stream key and no account id', async () => {
  const reason = `ingest at rtmps://live.test:443/live/${STREAM_KEY} broke off, key ${STREAM_KEY}, see accounts/${ACCOUNT}/x`;
  const gateway = await startGatewayWithAuth(apiKeySettings({ reader: ['livestream:read'] }), {
    intercept: () => async () => ({
      status: 200,
      headers: {},
      body: JSON.stringify({ success: true, data: { id: 's', err_message: reason } }),
    }),
  });
  const query = '{ livestreamSession(id: "s") { errorMessage } }';
  const { text, data } = await gateway.send({ query }, { headers: { 'x-api-key': 'reader' } });
  for (const secret of [STREAM_KEY, ACCOUNT]) expect(text).not.toContain(secret);
  expect(data).toMatchObject({ livestreamSession: { errorMessage: matching(/broke off/) } });
});

test('the log of an unexpected error contains no token and no account id', async () => {
  const gateway = await startTestGateway({
    intercept:
      () =>
      async ({ url, headers }) => {
        throw new TypeError(`fetch failed: ${url} ${JSON.stringify(headers)}`);
      },
  });
  await gateway.send({ query: '{ livestream(id: "a") { id } }' });
  expect(inspect(gateway.logs)).toContain('fetch failed');
  for (const secret of [TOKEN, ACCOUNT]) expect(inspect(gateway.logs, { depth: null })).not.toContain(secret);
});

describe('enforceScopes', () => {
  const directive =
    'scalar federation__Scope directive @requiresScopes(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT';
  const callerWithoutScopes = { viewer: { token: null, scopes: new Set() } };
  const buildSchema = (typeDefs: string) =>
    enforceScopes(
      createSchema<Context>({ typeDefs: `${directive} ${typeDefs}`, resolvers: { Query: { a: () => 'A' } } }),
    );

  test.each(['["livestream:secret"]', '"livestream:secret"'])(
    'guards a field whose scopes are written as %s',
    async (scopes) => {
      const schema = buildSchema(`type Query { a: String @requiresScopes(scopes: ${scopes}) }`);
      const { data } = await graphql({ schema, source: '{ a }', contextValue: callerWithoutScopes });
      expect(data).toEqual({ a: null });
    },
  );

  test.each([
    'type Query { a: String @requiresScopes(scopes: [[]]) }',
    'type Query { a: String @requiresScopes(scopes: []) }',
  ])('throws when a field lists no scope: %s', (typeDefs) => {
    expect(() => buildSchema(typeDefs)).toThrow(/requiresScopes/);
  });
});

describe('importUsableKeys', () => {
  test('rejects a private key', async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    expect((await importUsableKeys({ jwk: JSON.stringify(await exportJWK(privateKey)) })).size).toBe(0);
  });

  test('rejects a shared secret that is too short', async () => {
    const jwk = JSON.stringify({ kty: 'oct', k: 'YQ' });
    expect((await importUsableKeys({ jwk })).size).toBe(0);
    const gateway = await startGatewayWithAuth(jwtSettings({ jwk }));
    const unsigned = forgeToken({ alg: 'HS256' }, usualClaims(gateway.clock.now())).slice(0, -1);
    const token = `${unsigned}.${createHmac('sha256', 'a').update(unsigned).digest('base64url')}`;
    expect(await tryToken(gateway, token)).toEqual(rejected());
  });

  test('respects the algorithm and the use that a JWK names', async () => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), alg: 'RS256' };
    expect([...(await importUsableKeys({ jwk: JSON.stringify(jwk) })).keys()]).toEqual(['RS256']);
    expect((await importUsableKeys({ jwk: JSON.stringify({ ...jwk, use: 'enc' }) })).size).toBe(0);
  });
});

test('a JWK Set that cannot be fetched is not requested again for each token', async () => {
  const { provider, gateway, sign } = await startWithProvider();
  provider.setKeyResponse('error');
  for (const token of await Promise.all(Array.from({ length: 20 }, async () => sign()))) await tryToken(gateway, token);
  expect(provider.requestedPaths().length).toBeLessThan(3);
  expect(gateway.logs.length).toBeLessThan(3);
  provider.setKeyResponse('keys');
  gateway.clock.advance(10_000);
  expect((await tryToken(gateway, await sign())).status).toBe(200);
});

test('a token that upstream starts to reject gets no cached data any more', async () => {
  const gateway = await startTestGateway({ options: { auth: { kind: 'passthrough' } } });
  const { endedSessionId, liveLivestreamId } = gateway.exampleIds;
  const send = async (query: string) => gateway.send({ query }, { headers: { authorization: 'Bearer alice' } });
  const ended = `{ livestreamSession(id: "${endedSessionId}") { viewerSeconds } }`;
  expect((await send(ended)).errors).toEqual([]);
  gateway.sandbox.setFaults([{ kind: 'status', status: 401 }]);
  expect((await send(`{ livestream(id: "${liveLivestreamId}") { id } }`)).errors).toHaveLength(1);
  expect((await send(ended)).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});

test('a secret field that the caller must not read causes no upstream request', async () => {
  const gateway = await startGatewayWithAuth(apiKeySettings({ reader: ['livestream:read'] }));
  const query = `{ livestreamSession(id: "${gateway.exampleIds.endedSessionId}") { livestream { id streamKey } } }`;
  await gateway.send({ query }, { headers: { 'x-api-key': 'reader' } });
  expect(gateway.upstreamRequests()).toEqual(['GET /livestreams/sessions/{livestream_session_id}']);
});
