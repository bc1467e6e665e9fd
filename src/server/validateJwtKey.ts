import type { AuthSettings } from '../auth/authenticate.ts';
import { ConfigError } from '../config/env.ts';

/** Checks the key in JWT_KEY, whose type is only known once it is imported. Rejects with a `ConfigError`. */
export async function validateJwtKey(auth: AuthSettings): Promise<void> {
  if (auth.kind !== 'jwt' || 'jwksUrl' in auth.key) return;
  const { importUsableKeys } = await import('../auth/jwtKeys.ts');
  if ((await importUsableKeys(auth.key)).size > 0) return;
  const problem =
    'must be a public key that can verify tokens, in PEM (SPKI) or as one JWK (not a set), with at least 2048 bits if it is RSA; or a secret JWK of at least 32 bytes.';
  throw new ConfigError('JWT_KEY', problem, "'-----BEGIN PUBLIC KEY-----\\n…\\n-----END PUBLIC KEY-----'");
}
