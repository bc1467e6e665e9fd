import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  importJWK,
  importSPKI,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';

import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Transport } from '../upstream/transport.ts';
import { unauthenticated } from './refusal.ts';
import { SCOPES, type Viewer } from './viewer.ts';

/** Which tokens are let in. */
export interface JwtSettings {
  /** The `iss` that a token has to have. */
  issuer: string;
  /** One of these has to stand in a token's `aud`. */
  audiences: readonly string[];
  /** Seconds by which the clocks of issuer and gateway may differ. */
  clockSkew: number;
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
const JWKS = { deadline: 5000, lasts: 600_000, betweenLooks: 1000, maxBodyBytes: 1_000_000 };

/** Who sends a JSON Web Token (RFC 7519) that was signed with one of the keys and is meant for this gateway is let in. */
export function createJwtCheck(settings: JwtSettings, tools: JwtTools): (token: string) => Promise<Viewer> {
  const { issuer, audiences, clockSkew, key } = settings;
  const { clock, log } = tools;
  const keys = 'jwksUrl' in key ? Promise.resolve(remoteKeys(key.jwksUrl, tools)) : localKeys(key);
  return async (token) => {
    const { find, algorithms } = await keys;
    const { payload } = await jwtVerify(token, find, {
      issuer,
      audience: [...audiences],
      algorithms,
      clockTolerance: clockSkew,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp'],
    }).catch((error: unknown) => {
      throw refusalFor(error, log);
    });
    return { token: null, scopes: scopesOf(payload) };
  };
}

interface Keys {
  find: JWTVerifyGetKey;
  algorithms: string[];
}

/** Keys that are published: read when they are needed, and again when a token names one that is not among them. */
function remoteKeys(url: string, { transport, log }: JwtTools): Keys {
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: JWKS.deadline,
    cacheMaxAge: JWKS.lasts,
    cooldownDuration: JWKS.betweenLooks,
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
  const find: JWTVerifyGetKey = async (header, token) =>
    remote(header, token).catch(async (error: unknown) => {
      // Keys that were right a while ago are better than none while their publisher cannot be reached.
      const known = remote.jwks();
      if (isTokensFault(error) || known === undefined) throw error;
      log('warn', 'The keys for tokens could not be read; those read before are used.', { error: String(error) });
      return createLocalJWKSet(known)(header, token);
    });
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
      // A shared secret is bytes: with an algorithm for public keys it would be of no use.
      const fits = made !== null && made instanceof Uint8Array === SECRET_ALGORITHMS.includes(algorithm);
      return fits ? [[algorithm, made] as const] : [];
    }),
  );
  return new Map(imported.flat());
}

async function importKey(key: LocalKey, algorithm: string): Promise<CryptoKey | Uint8Array> {
  return 'pem' in key ? importSPKI(key.pem, algorithm) : importJWK(JSON.parse(key.jwk), algorithm);
}

/** `scope` is a text with spaces between (RFC 8693, 4.2); some issuers send `scp` or `scopes`, some a list. */
function scopesOf({ scope, scp, scopes }: JWTPayload): Set<string> {
  const claims = [scope, scp, scopes].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim));
  const told = new Set(claims);
  return new Set(SCOPES.filter((known) => told.has(known)));
}

function refusalFor(error: unknown, log: Log): GatewayError {
  if (error instanceof errors.JWTExpired) return unauthenticated('The token has expired.', { cause: error });
  if (error instanceof errors.JWTClaimValidationFailed)
    return unauthenticated(`The token's "${error.claim}" is not accepted.`, { cause: error });
  if (isTokensFault(error)) return unauthenticated('The token is not one that is accepted here.', { cause: error });
  log('error', 'The keys for tokens could not be read.', { error: String(error) });
  const words = 'The keys that tokens are checked with cannot be read now. Try again later.';
  return new GatewayError('UPSTREAM_UNAVAILABLE', words, { cause: error, http: { status: 503 } });
}

/** What jose says of a token, rather than of the keys. */
function isTokensFault(error: unknown): boolean {
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
