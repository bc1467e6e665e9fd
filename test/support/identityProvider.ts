import type { IncomingMessage, ServerResponse } from 'node:http';

import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type GenerateKeyPairResult,
  type JWK,
  SignJWT,
} from 'jose';
import { expect } from 'vitest';

import type { AuthSettings } from '../../src/auth/authenticate.ts';
import { cleanUpAfterTest } from './cleanup.ts';
import { at, matching, startTestGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';
import { hashOf } from './hashOf.ts';
import { startHttp } from './origins.ts';

export const ISSUER = 'https://login.test/';
export const AUDIENCE = 'livestreams';
export const KEYS_PATH = '/.well-known/jwks.json';
/** Serves the keys too, so that a followed redirect is noticed. */
const MOVED_PATH = '/moved.json';

export type Algorithm = 'RS256' | 'ES256';

/** How the provider responds to a request for its keys: with the keys, or with a failure. */
export type KeyResponse =
  'keys' | 'error' | 'reset' | 'hang' | 'redirect' | 'huge' | 'html' | 'truncated' | 'not-keys' | 'no-content';

/** A key pair that signs tokens. */
export interface SigningKey {
  kid: string;
  algorithm: Algorithm;
  privateKey: CryptoKey;
  /** The public key as published. */
  jwk: JWK;
  /** The public key in PEM (SPKI). */
  pem: string;
}

/** The contents of a token, and the key that signs it. */
export interface TokenOptions {
  key: SigningKey;
  /** The time of issue, in milliseconds since the Unix epoch. */
  now: number;
  /** Replaces usual claims. A claim that is undefined is left out. */
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
}

/** Starts an identity provider that publishes its keys at `jwksUrl` until the test ends. */
export async function startIdentityProvider() {
  const state: { keyResponse: KeyResponse; keys: SigningKey[]; requestedPaths: string[] } = {
    keyResponse: 'keys',
    keys: [],
    requestedPaths: [],
  };
  const server = await startHttp((request: IncomingMessage, response: ServerResponse) => {
    const { url = '' } = request;
    state.requestedPaths.push(url);
    const keys = JSON.stringify({ keys: state.keys.map(({ jwk }) => jwk) });
    respondWithKeys(url === MOVED_PATH ? 'keys' : state.keyResponse, keys, response);
  });
  cleanUpAfterTest(() => server.stop());
  const jwksUrl = server.url + KEYS_PATH;
  return {
    jwksUrl,
    /** Publishes exactly these keys. */
    publish: (...keys: SigningKey[]): void => void (state.keys = keys),
    /** Sets the response to further requests for the keys. */
    setKeyResponse: (keyResponse: KeyResponse): void => void (state.keyResponse = keyResponse),
    /** The paths requested so far. */
    requestedPaths: (): string[] => [...state.requestedPaths],
    /** The settings of a gateway that accepts the provider's tokens. */
    settings: (clockSkewSeconds = 30): AuthSettings => jwtSettings({ jwksUrl }, { clockSkewSeconds }),
  };
}

export function jwtSettings(
  key: { jwksUrl: string } | { pem: string } | { jwk: string },
  { clockSkewSeconds = 30, audiences = [AUDIENCE] }: { clockSkewSeconds?: number; audiences?: string[] } = {},
): AuthSettings {
  return { kind: 'jwt', issuer: ISSUER, audiences, clockSkewSeconds, key };
}

/** Key pairs take long to generate: the tests share them. */
const keyPairs = new Map<string, Promise<GenerateKeyPairResult>>();

/** The key with this id: always the same. */
export async function signingKey(kid: string, algorithm: Algorithm = 'RS256'): Promise<SigningKey> {
  const name = `${algorithm} ${kid}`;
  const keyPair = keyPairs.get(name) ?? generateKeyPair(algorithm, { extractable: true });
  keyPairs.set(name, keyPair);
  const { privateKey, publicKey } = await keyPair;
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, jwk, pem: await exportSPKI(publicKey) };
}

/** The claims of a token that is valid for five minutes. */
export function usualClaims(now: number): Record<string, unknown> {
  const seconds = Math.floor(now / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: 'somebody', iat: seconds, exp: seconds + 300, scope: 'livestream:read' };
}

/** Signs a token that is valid unless `options` make it invalid. */
export async function signToken({ key, now, claims = {}, header = {} }: TokenOptions): Promise<string> {
  const present = Object.entries({ ...usualClaims(now), ...claims }).filter(([, value]) => value !== undefined);
  return new SignJWT(Object.fromEntries(present))
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey);
}

/** A token of the right form, with any contents in its three parts. */
export function forgeToken(header: unknown, claims: unknown, signature = ''): string {
  return [JSON.stringify(header), JSON.stringify(claims)].map(toBase64Url).concat(signature).join('.');
}

/** The settings of a gateway that accepts these keys, each with its scopes. */
export function apiKeySettings(scopesByKey: Readonly<Record<string, readonly string[]>>): AuthSettings {
  const keys = Object.entries(scopesByKey).map(([key, scopes]) => ({
    name: `the key of ${scopes.join(', ')}`,
    sha256: hashOf(key),
    scopes,
  }));
  return { kind: 'api-key', keys };
}

/** Starts a gateway that authenticates callers as `auth` says. */
export const startGatewayWithAuth = async (
  auth: AuthSettings,
  options: TestGatewayOptions = {},
): Promise<TestGateway> => startTestGateway({ ...options, options: { ...options.options, auth } });

/** Starts an identity provider with one published key, and a gateway that accepts its tokens. */
export async function startWithProvider(clockSkewSeconds?: number) {
  const provider = await startIdentityProvider();
  const key = await signingKey('a');
  provider.publish(key);
  const gateway = await startGatewayWithAuth(provider.settings(clockSkewSeconds));
  const sign = async (options: Partial<TokenOptions> = {}): Promise<string> =>
    signToken({ key, now: gateway.clock.now(), ...options });
  return { provider, key, gateway, sign };
}

/** What a gateway does with a token. */
export interface TokenOutcome {
  status: number;
  code: unknown;
  message: string | null;
  /** The `www-authenticate` header. */
  challenge: string | null;
  /** The number of upstream requests. */
  upstreamRequests: number;
  /** Parts of the token that appear in the response or in the log. */
  leakedParts: string[];
}

/** Queries the livestreams with this token. */
export async function tryToken(gateway: TestGateway, token: string): Promise<TokenOutcome> {
  gateway.clearUpstreamRequests();
  const headers = { authorization: `Bearer ${token}` };
  const {
    status,
    text,
    errors,
    headers: responseHeaders,
  } = await gateway.send({ query: '{ livestreams { nodes { id } } }' }, { headers });
  const left = text + JSON.stringify([[...responseHeaders], gateway.logs]);
  return {
    status,
    code: at(errors, 0, 'extensions', 'code') ?? null,
    message: errors[0]?.message ?? null,
    challenge: responseHeaders.get('www-authenticate'),
    upstreamRequests: gateway.upstreamRequests().length,
    leakedParts: token.split('.').filter((part) => part.length > 8 && left.includes(part)),
  };
}

const NO_ERROR = { code: null, message: null, challenge: null, leakedParts: [] };
const anyNumber = (): unknown => expect.any(Number);
/** The gateway returns the livestreams, from upstream or from its cache. */
export const ACCEPTED = { ...NO_ERROR, status: 200, upstreamRequests: anyNumber() };

/** The gateway rejects the token, and sends no upstream request. */
export const rejected = (message = /token/): Record<keyof TokenOutcome, unknown> => ({
  status: 401,
  code: 'UNAUTHENTICATED',
  message: matching(message),
  challenge: 'Bearer',
  upstreamRequests: 0,
  leakedParts: [],
});

function toBase64Url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function respondWithKeys(keyResponse: KeyResponse, keys: string, response: ServerResponse): void {
  const json = { 'content-type': 'application/json' };
  switch (keyResponse) {
    case 'keys':
      response.writeHead(200, json).end(keys);
      return;
    case 'error':
      response.writeHead(500, json).end(keys);
      return;
    case 'reset':
      response.destroy();
      return;
    case 'hang':
      return;
    case 'redirect':
      response.writeHead(302, { location: MOVED_PATH }).end(keys);
      return;
    case 'huge':
      response.writeHead(200, json).end(`${keys.slice(0, -1)},"filler":"${'x'.repeat(2_000_000)}"}`);
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
      return;
    case 'truncated':
      response.writeHead(200, { ...json, 'content-length': keys.length + 1 }).write(keys.slice(0, -9), () => {
        response.destroy();
      });
      return;
    case 'not-keys':
      response.writeHead(200, json).end('{"keys":"none"}');
      return;
    case 'no-content':
      response.writeHead(204).end();
      return;
    default:
      keyResponse satisfies never;
  }
}
