import { createApiKeyCheck, type ApiKey } from './apiKeys.ts';
import { apiKeyOf, bearerOf } from './bearer.ts';
import { createJwtCheck, type JwtSettings, type JwtTools } from './jwt.ts';
import { ALL_SCOPES, type Viewer } from './viewer.ts';

/** How callers show who they are. */
export type AuthSettings =
  /** Not at all: whoever reaches the gateway is let in. */
  | { kind: 'none' }
  /** By their own upstream token, which upstream checks. */
  | { kind: 'passthrough' }
  | { kind: 'api-key'; keys: readonly ApiKey[] }
  | ({ kind: 'jwt' } & JwtSettings);

/** Tells who calls; rejects with `UNAUTHENTICATED` where they are not let in. */
export type Authenticate = (request: Request) => Promise<Viewer>;

export function createAuthenticate(settings: AuthSettings, tools: JwtTools): Authenticate {
  if (settings.kind === 'none') return async () => ANYONE;
  if (settings.kind === 'passthrough')
    return async (request) => ({ id: '', token: bearerOf(request), scopes: ALL_SCOPES });
  if (settings.kind === 'api-key') {
    const check = createApiKeyCheck(settings.keys);
    return async (request) => check(apiKeyOf(request));
  }
  const check = createJwtCheck(settings, tools);
  return async (request) => check(bearerOf(request));
}

const ANYONE: Viewer = { id: '', token: null, scopes: ALL_SCOPES };
