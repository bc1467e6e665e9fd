import { sha256Hex } from '../lib/sha256.ts';
import { unauthenticated } from './authErrors.ts';
import type { Viewer } from './viewer.ts';

/** An API key of a caller. The gateway stores only its hash. */
export interface ApiKey {
  /** Identifies the caller, for example in the limit of subscriptions per caller. */
  name: string;
  /** The SHA-256 hash of the key, in lowercase hexadecimal. */
  sha256: string;
  scopes: readonly string[];
}

/** Returns a function from the API key of a request to its caller; rejects with `UNAUTHENTICATED` for an unknown key. */
export function createApiKeyCheck(keys: readonly ApiKey[]): (key: string) => Promise<Viewer> {
  return async (sentKey) => {
    const hash = await sha256Hex(sentKey);
    let found: ApiKey | undefined;
    // No early exit: the time must not depend on which key matches.
    for (const key of keys) if (isEqualInConstantTime(key.sha256, hash)) found = key;
    if (found === undefined) throw unauthenticated('The API key is unknown.');
    return { id: found.name, token: null, scopes: new Set(found.scopes) };
  };
}

/** Compares two strings in a time that does not depend on where they differ. */
function isEqualInConstantTime(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < right.length; index += 1) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
