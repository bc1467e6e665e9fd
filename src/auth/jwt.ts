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

/** Which tokens are let in. */
export interface JwtSettings {
  /** The `iss` that a token has to have. */
  issuer: string;
  /** One of these has to stand in a token's `aud`. */
  audiences: readonly string[];
  /** Seconds by which the clocks of issuer and gateway may differ. */
  clockSkewSeconds: number;
  key: JwtKey;
}

/** Where the keys are that tokens are checked with: at an address, or here, as PEM (SPKI) or as a JWK in JSON. */
export type JwtKey = { jwksUrl: string } | LocalKey;
export type LocalKey = { pem: string } | { jwk: string };

export interface JwtTools {
  transport: Transport;
  clock: Clock;
  log: Log;
}

/** A key that can be published. A shared secret is another kind, so that nobody signs with what is public. */
const PUBLIC_KEY_ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'];

/** Milliseconds. */
const JWKS = { deadline: 5000, lasts: 600_000, cooldown: 1000, betweenFailures: 5000, maxBodyBytes: 1_000_000 };

/** Who sends a JSON Web Token (RFC 7519) that was signed with one of the keys and is meant for this gateway is let in. */
export function createJwtCheck(settings: JwtSettings, tools: JwtTools): (token: string) => Promise<Viewer> {
  const { issuer, audiences, clockSkewSeconds, key } = settings;
  const { clock } = tools;
  const keys = 'jwksUrl' in key ? Promise.resolve(remoteKeys(key.jwksUrl, tools)) : localKeys(key);
  return async (token) => {
    const { find, algorithms } = await keys;
    const { payload } = await jwtVerify(token, find, {
      issuer,
      audience: [...audiences],
      algorithms,
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp'],
    }).catch((error: unknown) => {
      throw refusalFor(error);
    });
    return { id: payload.sub ?? '', token: null, scopes: scopesOf(payload) };
  };
}

interface Keys {
  find: JWTVerifyGetKey;
  algorithms: string[];
}

/** Keys that are published: read when they are needed, and again when a token names one that is not among them. */
function remoteKeys(url: string, { transport, clock, log }: JwtTools): Keys {
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: JWKS.deadline,
    cacheMaxAge: JWKS.lasts,
    cooldownDuration: JWKS.cooldown,
    async [customFetch](address, { headers, signal }) {
      const { status, body } = await transport({
        method: 'GET',
        url: address,
        headers: Object.fromEntries(new Headers(headers)),
        signal: signal ?? AbortSignal.timeout(JWKS.deadline),
        maxBodyBytes: JWKS.maxBodyBytes,
      });
      return new Response(body, { status });
    },
  });
  let failure: { error: unknown; at: number } | null = null;
  const find: JWTVerifyGetKey = async (header, token) => {
    const past = failure;
    // While their publisher cannot be reached, not every token that comes is to wait for it.
    const isRecent = past !== null && clock.now() - past.at < JWKS.betweenFailures;
    return (isRecent ? Promise.reject(past.error) : remote(header, token)).catch(async (error: unknown) => {
      if (isTokenError(error)) throw error;
      // Keys that were right a while ago are better than none.
      const known = remote.jwks();
      if (failure === past && !isRecent) {
        failure = { error, at: clock.now() };
        const words = known === undefined ? '.' : '; those read before are used.';
        log(known === undefined ? 'error' : 'warn', `The keys for tokens could not be read${words}`, {
          error: String(error),
        });
      }
      if (known === undefined) throw error;
      return createLocalJWKSet(known)(header, token);
    });
  };
  return { find, algorithms: PUBLIC_KEY_ALGORITHMS };
}

/** One key for all. Which algorithms it can be used with is tried: a token that names another is refused. */
async function localKeys(key: LocalKey): Promise<Keys> {
  const usable = await usableKeys(key);
  return {
    find: async ({ alg }) => usable.get(alg) ?? Promise.reject(new errors.JOSEAlgNotAllowed()),
    algorithms: [...usable.keys()],
  };
}

/** The key as each algorithm takes it that can use it; none: the text is no key. */
export async function usableKeys(key: LocalKey): Promise<Map<string, CryptoKey | Uint8Array>> {
  const algorithms = [...PUBLIC_KEY_ALGORITHMS, ...('jwk' in key ? SECRET_ALGORITHMS : [])];
  const imported = await Promise.all(
    algorithms.map(async (algorithm) => {
      const made = await importKey(key, algorithm).catch(() => null);
      return made !== null && isUsableWith(made, algorithm) ? [[algorithm, made] as const] : [];
    }),
  );
  return new Map(imported.flat());
}

/** A shared secret is bytes, as many as its hash has at least (RFC 7518, 3.2); all else has to be a public key. */
function isUsableWith(key: CryptoKey | Uint8Array, algorithm: string): boolean {
  const isSecret = SECRET_ALGORITHMS.includes(algorithm);
  if (key instanceof Uint8Array) return isSecret && key.length * 8 >= Number(algorithm.slice(2));
  return !isSecret && key.type === 'public';
}

function readJwk(text: string): JWK {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new errors.JOSENotSupported('no JWK');
  return value;
}

async function importKey(key: LocalKey, algorithm: string): Promise<CryptoKey | Uint8Array> {
  if ('pem' in key) return importSPKI(key.pem.trim(), algorithm);
  const jwk = readJwk(key.jwk);
  // What a key says that it is for holds.
  if ((jwk.alg ?? algorithm) !== algorithm || (jwk.use ?? 'sig') !== 'sig') throw new errors.JOSEAlgNotAllowed();
  return importJWK(jwk, algorithm);
}

/** `scope` is a text with spaces between (RFC 8693, 4.2); some issuers send `scp` or `scopes`, some a list. */
function scopesOf({ scope, scp, scopes }: JWTPayload): Set<string> {
  const claims = [scope, scp, scopes].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim));
  const granted = new Set(claims);
  return new Set(SCOPES.filter((known) => granted.has(known)));
}

function refusalFor(error: unknown): GatewayError {
  if (error instanceof errors.JWTExpired) return unauthenticated('The token has expired.', { cause: error });
  if (error instanceof errors.JWTClaimValidationFailed)
    return unauthenticated(`The token's "${error.claim}" is not accepted.`, { cause: error });
  if (isTokenError(error)) return unauthenticated('The token is not one that is accepted here.', { cause: error });
  const words = 'The keys that tokens are checked with cannot be read now. Try again later.';
  return new GatewayError('UPSTREAM_UNAVAILABLE', words, { cause: error, http: { status: 503 } });
}

/** What jose says of a token, rather than of the keys. */
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
