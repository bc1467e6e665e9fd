import { sha256Hex } from '../lib/sha256.ts';
import { unauthenticated } from './authErrors.ts';
import type { Viewer } from './viewer.ts';

/** A key that callers may use, of which only the hash is known. */
export interface ApiKey {
  /** Whose it is, for people. */
  name: string;
  /** SHA-256 of the key, in hexadecimal. */
  sha256: string;
  scopes: readonly string[];
}

/** Who sends one of these keys as a bearer token is let in, with the key's scopes. */
export function createApiKeyCheck(keys: readonly ApiKey[]): (token: string) => Promise<Viewer> {
  return async (token) => {
    const hash = await sha256Hex(token);
    let found: ApiKey | undefined;
    // All are looked at, so that the time it takes tells nothing of which came close.
    for (const key of keys) if (isSame(key.sha256, hash)) found = key;
    if (found === undefined) throw unauthenticated('This API key is not known.');
    return { id: found.name, token: null, scopes: new Set(found.scopes) };
  };
}

/** Takes the same time wherever two texts of one length differ. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < other.length; index += 1) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
