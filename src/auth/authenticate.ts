import type { MaybePromise } from '@whatwg-node/promise-helpers';

import type { ApiKey, ApiKeys } from './apiKeys.ts';
import { API_KEY_HEADER, apiKeyOf, bearerOf } from './bearer.ts';
import type { JwtSettings } from './jwt.ts';
import type { JwtDependencies } from './jwtKeys.ts';
import { ALL_SCOPES, type Viewer } from './viewer.ts';

/** How callers authenticate. */
export type AuthSettings =
  /** Not at all: everyone who can reach the gateway has all scopes. */
  | { kind: 'none' }
  /** With an API token of RealtimeKit, which RealtimeKit validates. */
  | { kind: 'passthrough' }
  | { kind: 'api-key'; keys: readonly ApiKey[] }
  | ({ kind: 'jwt' } & JwtSettings);

/** The request headers that decide who the caller is. */
export const CREDENTIAL_HEADERS: Readonly<Record<AuthSettings['kind'], readonly string[]>> = {
  none: [],
  passthrough: ['authorization'],
  jwt: ['authorization'],
  'api-key': ['authorization', API_KEY_HEADER],
};

/** Returns the caller of a request; throws or rejects with `UNAUTHENTICATED` if the credential is missing or invalid. */
export type Authenticate = (request: Request) => MaybePromise<Viewer>;

interface AuthDependencies extends JwtDependencies {
  /** The keys that are accepted with `api-key`. */
  apiKeys: ApiKeys;
}

export function createAuthenticate(settings: AuthSettings, dependencies: AuthDependencies): Authenticate {
  if (settings.kind === 'none') return () => ANONYMOUS;
  if (settings.kind === 'passthrough') return (request) => ({ id: '', token: bearerOf(request), scopes: ALL_SCOPES });
  if (settings.kind === 'api-key') return (request) => dependencies.apiKeys.callerOf(apiKeyOf(request));
  // Loaded only if it is used.
  const jwt = import('./jwt.ts').then(({ createJwtCheck }) => createJwtCheck(settings, dependencies));
  return async (request) => {
    const token = bearerOf(request);
    return (await jwt)(token);
  };
}

const ANONYMOUS: Viewer = { id: '', token: null, scopes: ALL_SCOPES };
