import { parse, property } from './json.ts';

/** The header that contains the caller's credential. */
const AUTHORIZATION = 'authorization';

/** An `authorization` header as the examples prefill it, or empty. */
const BLANK = /^\s*(Bearer)?\s*$/i;

/**
 * The credential that the gateway has accepted, in the memory of this page only: it completes the header of tabs where the user has
 * not entered it.
 */
export interface Credential {
  /** Completes a blank `authorization` header. A request without that header stays without. */
  complete: (headers: Headers) => void;
  /** Adds the credential, if it is known. */
  add: (headers: Headers) => void;
  /** Remembers the credential of a request that was not answered with 401. */
  accept: (headers: Headers) => void;
  isKnown: () => boolean;
}

export function createCredential(): Credential {
  let accepted: string | null = null;
  const add = (headers: Headers): void => {
    if (accepted !== null) headers.set(AUTHORIZATION, accepted);
  };
  return {
    complete(headers) {
      if (headers.has(AUTHORIZATION) && isCredentialBlank(headers)) add(headers);
    },
    add,
    accept(headers) {
      if (!isCredentialBlank(headers)) accepted = headers.get(AUTHORIZATION);
    },
    isKnown: () => accepted !== null,
  };
}

/** Whether the `authorization` header is absent or contains no credential. */
export function isCredentialBlank(headers: Headers): boolean {
  return BLANK.test(headers.get(AUTHORIZATION) ?? '');
}

/** Returns the `authorization` in the text of the headers editor; null if it is absent or blank. */
export function authorizationIn(headersText: string): string | null {
  const headers = parse(headersText);
  if (typeof headers !== 'object' || headers === null) return null;
  const name = Object.keys(headers).find((key) => key.toLowerCase() === AUTHORIZATION);
  const value = name === undefined ? undefined : property(headers, name);
  return typeof value === 'string' && !BLANK.test(value) ? value : null;
}
