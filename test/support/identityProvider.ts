import { createHash } from 'node:crypto';
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
import { afterEach, expect } from 'vitest';

import type { AuthSettings } from '../../src/auth/authenticate.ts';
import { at, matching, startTestGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';
import { startHttp } from './origins.ts';

export const ISSUER = 'https://login.test/';
export const AUDIENCE = 'livestreams';
export const KEYS_PATH = '/.well-known/jwks.json';
/** Where the keys are too, so that following a redirect would show. */
const MOVED_PATH = '/moved.json';

export type Algorithm = 'RS256' | 'ES256';

/** How the keys are published: well, or in a way of failing. */
export type Publishing =
  'keys' | 'error' | 'reset' | 'hang' | 'redirect' | 'huge' | 'html' | 'truncated' | 'not-keys' | 'no-content';

/** A pair of keys to sign with and to check with. */
export interface SigningKey {
  kid: string;
  algorithm: Algorithm;
  privateKey: CryptoKey;
  /** The public key, as it is published. */
  jwk: JWK;
  /** The public key (SPKI). */
  pem: string;
}

/** What a token says, and with what it is signed. */
export interface TokenOptions {
  key: SigningKey;
  /** The moment it is issued at, in milliseconds since the Unix epoch. */
  now: number;
  /** In place of the usual claims; undefined: the claim is left out. */
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
}

const servers: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** Whoever issues tokens: signs them, and publishes its keys at `jwksUrl` for as long as the test lasts. */
export async function startIdentityProvider() {
  const state: { publishing: Publishing; keys: SigningKey[]; asked: string[] } = {
    publishing: 'keys',
    keys: [],
    asked: [],
  };
  const server = await startHttp((request: IncomingMessage, response: ServerResponse) => {
    const { url = '' } = request;
    state.asked.push(url);
    const keys = JSON.stringify({ keys: state.keys.map(({ jwk }) => jwk) });
    publish(url === MOVED_PATH ? 'keys' : state.publishing, keys, response);
  });
  servers.push(server);
  const jwksUrl = server.url + KEYS_PATH;
  return {
    jwksUrl,
    /** Publishes these keys, and no others. */
    publish: (...keys: SigningKey[]): void => void (state.keys = keys),
    /** From now on its keys are published so. */
    be: (publishing: Publishing): void => void (state.publishing = publishing),
    /** The paths that were asked for, until now. */
    asked: (): string[] => [...state.asked],
    /** What a gateway is given to accept its tokens; clocks may differ by `clockSkew` seconds. */
    settings: (clockSkew = 30): AuthSettings => jwtSettings({ jwksUrl }, { clockSkew }),
  };
}

export function jwtSettings(
  key: { jwksUrl: string } | { pem: string } | { jwk: string },
  { clockSkew: clockSkewSeconds = 30, audiences = [AUDIENCE] }: { clockSkew?: number; audiences?: string[] } = {},
): AuthSettings {
  return { kind: 'jwt', issuer: ISSUER, audiences, clockSkewSeconds, key };
}

/** Pairs take long to make: each is made once for a whole file of tests. */
const pairs = new Map<string, Promise<GenerateKeyPairResult>>();

/** The key of this name; the same at each call. */
export async function signingKey(kid: string, algorithm: Algorithm = 'RS256'): Promise<SigningKey> {
  const name = `${algorithm} ${kid}`;
  const making = pairs.get(name) ?? generateKeyPair(algorithm, { extractable: true });
  pairs.set(name, making);
  const { privateKey, publicKey } = await making;
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, jwk, pem: await exportSPKI(publicKey) };
}

/** What a token says that is accepted for five minutes. */
export function usualClaims(now: number): Record<string, unknown> {
  const seconds = Math.floor(now / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: 'somebody', iat: seconds, exp: seconds + 300, scope: 'livestream:read' };
}

/** A token that is accepted, but for what `options` say. */
export async function signToken({ key, now, claims = {}, header = {} }: TokenOptions): Promise<string> {
  const said = Object.entries({ ...usualClaims(now), ...claims }).filter(([, value]) => value !== undefined);
  return new SignJWT(Object.fromEntries(said))
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey);
}

/** A token of which only the form is right: whatever stands in its three parts. */
export function forgeToken(header: unknown, claims: unknown, signature = ''): string {
  return [JSON.stringify(header), JSON.stringify(claims)].map(toBase64Url).concat(signature).join('.');
}

/** What a gateway is given to accept these keys, each with its scopes. */
export function apiKeySettings(scopesByKey: Readonly<Record<string, readonly string[]>>): AuthSettings {
  const keys = Object.entries(scopesByKey).map(([key, scopes]) => ({
    name: `the key of ${scopes.join(', ')}`,
    sha256: createHash('sha256').update(key).digest('hex'),
    scopes,
  }));
  return { kind: 'api-key', keys };
}

/** A gateway that lets in whom `auth` says. */
export const startGuarded = async (auth: AuthSettings, options: TestGatewayOptions = {}): Promise<TestGateway> =>
  startTestGateway({ ...options, options: { ...options.options, auth } });

/** A gateway that accepts the tokens of one published key, and what signs them. */
export async function startWithProvider(clockSkew?: number) {
  const provider = await startIdentityProvider();
  const key = await signingKey('a');
  provider.publish(key);
  const gateway = await startGuarded(provider.settings(clockSkew));
  const sign = async (options: Partial<TokenOptions> = {}): Promise<string> =>
    signToken({ key, now: gateway.clock.now(), ...options });
  return { provider, key, gateway, sign };
}

/** What a gateway makes of a token. */
export interface Verdict {
  status: number;
  code: unknown;
  message: string | null;
  /** `www-authenticate`. */
  challenge: string | null;
  /** Upstream requests. */
  requests: number;
  /** Parts of the token that came back or stand in the log. */
  shown: string[];
}

/** Asks for a livestream with this token. */
export async function verdictOn(gateway: TestGateway, token: string): Promise<Verdict> {
  gateway.forget();
  const headers = { authorization: `Bearer ${token}` };
  const {
    status,
    text,
    errors,
    headers: told,
  } = await gateway.send({ query: '{ livestreams { nodes { id } } }' }, { headers });
  const left = text + JSON.stringify([[...told], gateway.logs]);
  return {
    status,
    code: at(errors, 0, 'extensions', 'code') ?? null,
    message: errors[0]?.message ?? null,
    challenge: told.get('www-authenticate'),
    requests: gateway.upstream().length,
    shown: token.split('.').filter((part) => part.length > 8 && left.includes(part)),
  };
}

const WITHOUT_FAULT = { code: null, message: null, challenge: null, shown: [] };
const anyNumber = (): unknown => expect.any(Number);
/** The livestreams are read, or at hand. */
export const ACCEPTED = { ...WITHOUT_FAULT, status: 200, requests: anyNumber() };

/** Nothing was asked upstream. */
export const refused = (message = /token/): Record<keyof Verdict, unknown> => ({
  status: 401,
  code: 'UNAUTHENTICATED',
  message: matching(message),
  challenge: 'Bearer',
  requests: 0,
  shown: [],
});

function toBase64Url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function publish(publishing: Publishing, keys: string, response: ServerResponse): void {
  const json = { 'content-type': 'application/json' };
  switch (publishing) {
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
      publishing satisfies never;
  }
}
