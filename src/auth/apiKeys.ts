import { Cancellation } from '../lib/cancellation.ts';
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

interface AcceptedKey {
  key: ApiKey;
  /** Aborted when the key is withdrawn. */
  withdrawal: Cancellation;
}

/** The API keys that the gateway accepts. */
export type ApiKeys = ReturnType<typeof createApiKeys>;

export function createApiKeys(initialKeys: readonly ApiKey[]) {
  let accepted = new Map<string, AcceptedKey>();

  /** From now on, accepts these keys and no others. A key whose name or scopes have changed is withdrawn, and a new one. */
  function replace(keys: readonly ApiKey[]): void {
    const previous = accepted;
    accepted = new Map();
    for (const key of keys) {
      const id = JSON.stringify(key);
      accepted.set(id, previous.get(id) ?? { key, withdrawal: new Cancellation() });
    }
    for (const [id, { withdrawal }] of previous)
      if (!accepted.has(id)) withdrawal.abort(new Error('The API key was withdrawn.'));
  }
  replace(initialKeys);

  /** Returns the caller who sent this API key; rejects with `UNAUTHENTICATED` for an unknown key. */
  async function callerOf(sentKey: string): Promise<Viewer> {
    const hash = await sha256Hex(sentKey);
    let found: AcceptedKey | undefined;
    // No early exit: the time must not depend on which key matches.
    for (const entry of accepted.values()) if (isEqualInConstantTime(entry.key.sha256, hash)) found = entry;
    if (found === undefined) throw unauthenticated('The API key is unknown: send a valid one.');
    const { key, withdrawal } = found;
    return {
      id: key.name,
      shareName: key.name,
      token: null,
      scopes: new Set(key.scopes),
      onCredentialEnd(onEnd) {
        if (withdrawal.aborted) onEnd();
        else withdrawal.addEventListener('abort', onEnd);
        return () => withdrawal.removeEventListener('abort', onEnd);
      },
    };
  }

  return { callerOf, replace };
}

/** Compares two strings in a time that does not depend on where they differ. */
function isEqualInConstantTime(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < right.length; index += 1) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
