import {
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from 'jose';

import { GatewayError } from '../domain/errors.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import { unauthenticated } from './authErrors.ts';
import {
  createLocalKeySource,
  createRemoteKeySource,
  type JwtDependencies,
  type JwtKey,
  keysUnavailable,
} from './jwtKeys.ts';
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

/**
 * Returns a function from a JSON Web Token (RFC 7519) to its caller. Rejects with `UNAUTHENTICATED` unless a configured
 * key signed the token for this gateway and the token is valid now, and with `UPSTREAM_UNAVAILABLE` without keys.
 */
export function createJwtCheck(
  settings: JwtSettings,
  dependencies: JwtDependencies,
): (token: string) => Promise<Viewer> {
  const { issuer, audiences, clockSkewSeconds, callerClaim = 'sub', key } = settings;
  const { clock, log } = dependencies;
  const warnAboutKey = createThrottledWarning(clock, (tokens, error: unknown) =>
    log('error', 'A key of the JWK Set cannot verify tokens.', { error: String(error), tokens }),
  );
  const keys =
    'jwksUrl' in key ? Promise.resolve(createRemoteKeySource(key.jwksUrl, dependencies)) : createLocalKeySource(key);
  return async (token) => {
    const { getKey, algorithms } = await keys;
    const options = {
      issuer,
      audience: [...audiences],
      algorithms,
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp'],
    };
    const { payload } = await verify(token, getKey, options).catch((error: unknown) => {
      const authError = toAuthError(error);
      if (authError !== error && authError.code === 'UPSTREAM_UNAVAILABLE') warnAboutKey(1, error);
      throw authError;
    });
    // `exp` is required above.
    const endsAt = ((payload.exp ?? 0) + clockSkewSeconds) * 1000;
    return {
      id: claimText(payload.sub),
      shareName: claimText(payload[callerClaim]),
      token: null,
      scopes: scopesOf(payload),
      onCredentialEnd: (onEnd) => clock.after(endsAt - clock.now(), onEnd),
    };
  };
}

/** Verifies a token. If it names no key and several of its issuer's keys fit, as while they are rotated, any of these may have signed it. */
async function verify(token: string, getKey: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, getKey, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (keyError) {
        const isForAnotherKey = keyError instanceof errors.JWSSignatureVerificationFailed || !isTokenError(keyError);
        if (!isForAnotherKey) throw keyError;
      }
    }
    throw error;
  }
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
  return error instanceof GatewayError ? error : keysUnavailable(error);
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
