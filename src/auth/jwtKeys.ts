import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  importJWK,
  importSPKI,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose';

import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { withTimeout } from '../lib/timeout.ts';
import { getProperty, parseJson } from '../realtimekit/json.ts';
import type { Transport } from '../realtimekit/transport.ts';

/** The keys that verify tokens: the URL of a JWK Set, or a single key, as PEM (SPKI) or as the JSON of a JWK. */
export type JwtKey = { jwksUrl: string } | LocalKey;
type LocalKey = { pem: string } | { jwk: string };

export interface JwtDependencies {
  transport: Transport;
  clock: Clock;
  log: Log;
}

/** Finds the key that verifies a token, and says which algorithms the token may use. */
export interface KeySource {
  getKey: JWTVerifyGetKey;
  algorithms: string[];
}

/** Public keys and shared secrets never share an algorithm: otherwise anyone could sign with a published key as the secret. */
const PUBLIC_KEY_ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'];
/** The minimum size of an RSA key (RFC 7518, 3.3). */
const MIN_RSA_BITS = 2048;

const JWKS_TIMEOUT_MS = 5000;
const JWKS_TTL_MS = 600_000;
/** How long before the TTL ends, and how long after a failure, requests do not wait for a fetch: they use the previous keys. */
const JWKS_BACKGROUND_MS = 30_000;
/** The minimum time between two fetches when a token names an unknown key. */
const JWKS_COOLDOWN_MS = 1000;
/** How long a failed fetch is not repeated. */
const JWKS_FAILURE_TTL_MS = 5000;
const JWKS_MAX_BYTES = 1_000_000;
/** Some firewalls reject requests without a user agent. */
const JWKS_HEADERS = { accept: 'application/json, application/jwk-set+json', 'user-agent': 'realtimekit-graphql' };

/** The error for a token that cannot be verified for want of a usable key. */
export function keysUnavailable(cause: unknown): GatewayError {
  const message = 'The keys that verify tokens are not available. Try again later.';
  return new GatewayError('UPSTREAM_UNAVAILABLE', message, { cause, http: { status: 503 } });
}

/**
 * A published JWK Set: fetched when first needed, before its TTL expires, and when a token names an unknown key. After a failure, the
 * previous set stays in use. Without one, `getKey` rejects with `UPSTREAM_UNAVAILABLE`.
 */
export function createRemoteKeySource(url: string, { transport, clock, log }: JwtDependencies): KeySource {
  let current: { getKey: JWTVerifyGetKey; fetchedAt: number } | null = null;
  let failure: { error: unknown; failedAt: number } | null = null;
  let inFlight: Promise<void> | null = null;
  const msSince = (time = -Infinity): number => clock.now() - time;

  async function fetchKeys(): Promise<void> {
    try {
      const createError = (): Error => new Error(`no response within ${JWKS_TIMEOUT_MS / 1000} s`);
      const { status, body } = await withTimeout({ timeoutMs: JWKS_TIMEOUT_MS, clock, createError }, (signal) =>
        transport({ method: 'GET', url, headers: JWKS_HEADERS, signal, maxBodyBytes: JWKS_MAX_BYTES }),
      );
      if (status !== 200) throw new Error(`the status of the response is ${status}`);
      const jwks = parseJson(body);
      if (!isJwkSet(jwks)) throw new Error('the response is not a JWK Set');
      current = { getKey: createLocalJWKSet(jwks), fetchedAt: clock.now() };
      failure = null;
    } catch (error) {
      failure = { error, failedAt: clock.now() };
      const details = { error: String(error) };
      if (current === null) log('error', 'Cannot fetch the JWK Set.', details);
      else log('warn', 'Cannot fetch the JWK Set. The previous one stays in use.', details);
    }
  }

  /** Starts a fetch, or joins the one in flight. Never rejects. */
  async function refresh(): Promise<void> {
    inFlight ??= fetchKeys().finally(() => {
      inFlight = null;
    });
    return inFlight;
  }

  async function refreshIfDue(): Promise<void> {
    const age = msSince(current?.fetchedAt);
    const failureAge = msSince(failure?.failedAt);
    if (age < JWKS_TTL_MS - JWKS_BACKGROUND_MS || failureAge < JWKS_FAILURE_TTL_MS) return;
    const refreshed = refresh();
    if (current === null || (age >= JWKS_TTL_MS && failureAge >= JWKS_BACKGROUND_MS)) await refreshed;
  }

  const getKey: JWTVerifyGetKey = async (header, token) => {
    await refreshIfDue();
    const known = current;
    if (known === null) throw keysUnavailable(failure?.error);
    try {
      return await known.getKey(header, token);
    } catch (error) {
      const mayRefresh =
        msSince(known.fetchedAt) >= JWKS_COOLDOWN_MS && msSince(failure?.failedAt) >= JWKS_FAILURE_TTL_MS;
      if (!(error instanceof errors.JWKSNoMatchingKey && mayRefresh)) throw error;
      await refresh();
      return (current ?? known).getKey(header, token);
    }
  };
  return { getKey, algorithms: PUBLIC_KEY_ALGORITHMS };
}

/** Whether a value has the form of a JWK Set. `createLocalJWKSet` checks its keys. */
function isJwkSet(value: unknown): value is JSONWebKeySet {
  return Array.isArray(getProperty(value, 'keys'));
}

/** A single key, whatever key id a token names. Accepts only the algorithms that the key supports. */
export async function createLocalKeySource(key: LocalKey): Promise<KeySource> {
  const usable = await importUsableKeys(key);
  return {
    getKey: async ({ alg }) => usable.get(alg) ?? Promise.reject(new errors.JOSEAlgNotAllowed()),
    algorithms: [...usable.keys()],
  };
}

/** Imports the key for each algorithm that supports it. An empty map means that it can verify no token. */
export async function importUsableKeys(key: LocalKey): Promise<Map<string, CryptoKey | Uint8Array>> {
  const algorithms = [...PUBLIC_KEY_ALGORITHMS, ...('jwk' in key ? SECRET_ALGORITHMS : [])];
  const entries = await Promise.all(
    algorithms.map(async (algorithm) => {
      const importedKey = await importKey(key, algorithm).catch(() => null);
      return importedKey !== null && isUsableWith(importedKey, algorithm) ? [[algorithm, importedKey] as const] : [];
    }),
  );
  return new Map(entries.flat());
}

/** A shared secret must have at least the size of the hash (RFC 7518, 3.2). Any other key must be public and, with RSA, long enough. */
function isUsableWith(key: CryptoKey | Uint8Array, algorithm: string): boolean {
  const isSecret = SECRET_ALGORITHMS.includes(algorithm);
  if (key instanceof Uint8Array) return isSecret && key.length * 8 >= Number(algorithm.slice(2));
  const { algorithm: details } = key;
  const rsaBits = 'modulusLength' in details ? Number(details.modulusLength) : Infinity;
  return !isSecret && key.type === 'public' && rsaBits >= MIN_RSA_BITS;
}

function parseJwk(text: string): JWK {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new errors.JOSENotSupported('not a JWK');
  return value;
}

async function importKey(key: LocalKey, algorithm: string): Promise<CryptoKey | Uint8Array> {
  if ('pem' in key) return importSPKI(key.pem.trim(), algorithm);
  const jwk = parseJwk(key.jwk);
  // A JWK may restrict its own algorithm and use (RFC 7517, 4.2 and 4.4).
  if ((jwk.alg ?? algorithm) !== algorithm || (jwk.use ?? 'sig') !== 'sig') throw new errors.JOSEAlgNotAllowed();
  return importJWK(jwk, algorithm);
}
