import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  importJWK,
  importSPKI,
  type JWK,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';

import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Transport } from '../realtimekit/transport.ts';
import { unauthenticated } from './authErrors.ts';
import { SCOPES, type Viewer } from './viewer.ts';

/** Which tokens are accepted. */
export interface JwtSettings {
  /** The required `iss` claim. */
  issuer: string;
  /** The `aud` claim must contain at least one of these. */
  audiences: readonly string[];
  /** The tolerated difference between the clocks of the issuer and the gateway. */
  clockSkewSeconds: number;
  /** The claim that identifies the caller who shares the request budget with others. Default: `sub`. */
  callerClaim?: string;
  key: JwtKey;
}

/** The keys that verify tokens: the URL of a JWK Set, or a single key, as PEM (SPKI) or as the JSON of a JWK. */
type JwtKey = { jwksUrl: string } | LocalKey;
type LocalKey = { pem: string } | { jwk: string };

export interface JwtDependencies {
  transport: Transport;
  clock: Clock;
  log: Log;
}

/** Public keys and shared secrets never share an algorithm: otherwise anyone could sign with a published key as the secret. */
const PUBLIC_KEY_ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'];

const JWKS_TIMEOUT_MS = 5000;
const JWKS_TTL_MS = 600_000;
/** The minimum time between two fetches when a token names an unknown key. */
const JWKS_COOLDOWN_MS = 1000;
/** How long a failed fetch is not repeated. */
const JWKS_FAILURE_TTL_MS = 5000;
const JWKS_MAX_BYTES = 1_000_000;

/**
 * Returns a function from a JSON Web Token (RFC 7519) to its caller. Rejects with `UNAUTHENTICATED` unless a configured
 * key signed the token for this gateway and the token is valid now, and with `UPSTREAM_UNAVAILABLE` without keys.
 */
export function createJwtCheck(
  settings: JwtSettings,
  dependencies: JwtDependencies,
): (token: string) => Promise<Viewer> {
  const { issuer, audiences, clockSkewSeconds, callerClaim = 'sub', key } = settings;
  const { clock } = dependencies;
  const keys =
    'jwksUrl' in key ? Promise.resolve(createRemoteKeySource(key.jwksUrl, dependencies)) : createLocalKeySource(key);
  return async (token) => {
    const { getKey, algorithms } = await keys;
    const { payload } = await jwtVerify(token, getKey, {
      issuer,
      audience: [...audiences],
      algorithms,
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp'],
    }).catch((error: unknown) => {
      throw toAuthError(error);
    });
    // `exp` is required above.
    const endsAt = ((payload.exp ?? 0) + clockSkewSeconds) * 1000;
    return {
      id: payload.sub ?? '',
      shareName: claimText(payload[callerClaim]),
      token: null,
      scopes: scopesOf(payload),
      onCredentialEnd: (onEnd) => clock.after(endsAt - clock.now(), onEnd),
    };
  };
}

interface KeySource {
  getKey: JWTVerifyGetKey;
  algorithms: string[];
}

/** A published JWK Set: fetched when first needed, when its TTL expires, and when a token names an unknown key. */
function createRemoteKeySource(url: string, { transport, clock, log }: JwtDependencies): KeySource {
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cacheMaxAge: JWKS_TTL_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    async [customFetch](jwksUrl, { headers, signal }) {
      const { status, body } = await transport({
        method: 'GET',
        url: jwksUrl,
        headers: Object.fromEntries(new Headers(headers)),
        signal: signal ?? AbortSignal.timeout(JWKS_TIMEOUT_MS),
        maxBodyBytes: JWKS_MAX_BYTES,
      });
      return new Response(body, { status });
    },
  });
  let lastFailure: { error: unknown; failedAt: number } | null = null;
  const getKey: JWTVerifyGetKey = async (header, token) => {
    const failure = lastFailure;
    // While the JWK Set cannot be fetched, requests must not all wait for the timeout.
    const isRecent = failure !== null && clock.now() - failure.failedAt < JWKS_FAILURE_TTL_MS;
    return (isRecent ? Promise.reject(failure.error) : remote(header, token)).catch(async (error: unknown) => {
      if (isTokenError(error)) throw error;
      // Expired keys are better than no keys.
      const expired = remote.jwks();
      if (lastFailure === failure && !isRecent) {
        lastFailure = { error, failedAt: clock.now() };
        const details = { error: String(error) };
        if (expired === undefined) log('error', 'Cannot fetch the JWK Set.', details);
        else log('warn', 'Cannot fetch the JWK Set. The previous one stays in use.', details);
      }
      if (expired === undefined) throw error;
      return createLocalJWKSet(expired)(header, token);
    });
  };
  return { getKey, algorithms: PUBLIC_KEY_ALGORITHMS };
}

/** A single key, whatever key id a token names. Accepts only the algorithms that the key supports. */
async function createLocalKeySource(key: LocalKey): Promise<KeySource> {
  const usable = await importUsableKeys(key);
  return {
    getKey: async ({ alg }) => usable.get(alg) ?? Promise.reject(new errors.JOSEAlgNotAllowed()),
    algorithms: [...usable.keys()],
  };
}

/** Imports the key for each algorithm that supports it. An empty map means that the text is not a valid key. */
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

/** A shared secret must have at least the size of the hash (RFC 7518, 3.2). Any other key must be public. */
function isUsableWith(key: CryptoKey | Uint8Array, algorithm: string): boolean {
  const isSecret = SECRET_ALGORITHMS.includes(algorithm);
  if (key instanceof Uint8Array) return isSecret && key.length * 8 >= Number(algorithm.slice(2));
  return !isSecret && key.type === 'public';
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

/** Scopes are separated by spaces in `scope` (RFC 8693, 4.2). Some issuers send `scp` or `scopes`, and some send a list. */
function scopesOf({ scope, scp, scopes }: JWTPayload): Set<string> {
  const claims = [scope, scp, scopes].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim));
  const granted = new Set(claims);
  return new Set(SCOPES.filter((known) => granted.has(known)));
}

/** Empty if the claim is missing or has no text: such callers are one. */
function claimText(claim: unknown): string {
  return typeof claim === 'string' || typeof claim === 'number' ? String(claim) : '';
}

function toAuthError(error: unknown): GatewayError {
  if (error instanceof errors.JWTExpired)
    return unauthenticated('The token has expired: send a new one.', { cause: error });
  if (error instanceof errors.JWTClaimValidationFailed)
    return unauthenticated(
      `The token's claim "${error.claim}" is not accepted: send a token that is valid now and for this gateway.`,
      { cause: error },
    );
  if (isTokenError(error))
    return unauthenticated('The token is not valid for this gateway: send one from its issuer.', { cause: error });
  const message = 'The keys that verify tokens are not available. Try again later.';
  return new GatewayError('UPSTREAM_UNAVAILABLE', message, { cause: error, http: { status: 503 } });
}

/** Whether the error is the fault of the token rather than of the keys. */
function isTokenError(error: unknown): boolean {
  return [
    errors.JWTInvalid,
    errors.JWTExpired,
    errors.JWTClaimValidationFailed,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ].some((kind) => error instanceof kind);
}
