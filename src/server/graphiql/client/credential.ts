import type { PageSettings } from '../pageSettings.ts';
import { parse } from './json.ts';

/** A header as the page prefills it, or empty. */
const BLANK = /^\s*(Bearer)?\s*$/i;

/**
 * The credential that the gateway has accepted, in the memory of this page only: it completes the headers of tabs where the user has
 * not entered it.
 */
export interface Credential {
  /** Replaces blank credential headers. A request without any stays without. */
  complete: (headers: Headers) => void;
  /** Adds the credential, if it is known. */
  add: (headers: Headers) => void;
  /** Remembers the credential of a request that was not answered with 401. */
  accept: (headers: Headers) => void;
  /** Whether the headers lack a credential. */
  isBlank: (headers: Headers) => boolean;
  isKnown: () => boolean;
}

export function createCredential({ credentialHeaders }: Pick<PageSettings, 'credentialHeaders'>): Credential {
  let accepted: [name: string, value: string] | null = null;
  const find = (headers: Headers): [name: string, value: string] | null => {
    for (const name of credentialHeaders) {
      const value = headers.get(name) ?? '';
      if (!BLANK.test(value)) return [name, value];
    }
    return null;
  };
  const add = (headers: Headers): void => {
    if (accepted === null) return;
    // The gateway could read a blank one instead.
    for (const name of credentialHeaders) headers.delete(name);
    headers.set(...accepted);
  };
  return {
    complete(headers) {
      if (find(headers) === null && credentialHeaders.some((name) => headers.has(name))) add(headers);
    },
    add,
    accept(headers) {
      accepted = find(headers) ?? accepted;
    },
    isBlank: (headers) => find(headers) === null,
    isKnown: () => accepted !== null,
  };
}

/** Returns the headers in the text of the headers editor; none if the text is not an object of valid headers. */
export function headersIn(text: string): Headers {
  const headers = parse(text);
  try {
    return new Headers(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
  } catch {
    return new Headers();
  }
}
