import { unauthenticated } from './authErrors.ts';

/** An API key may be sent in this header instead of a bearer token. */
export const API_KEY_HEADER = 'x-api-key';

/** The maximum length of the header `authorization`, in characters. */
const MAX_LENGTH = 8192;

/**
 * Returns the bearer token of a request (RFC 6750, 2.1). Throws `UNAUTHENTICATED` if the token is missing, too long or
 * contains characters other than visible ASCII. `name`: what the error calls the token.
 */
export function bearerOf({ headers }: Request, name = 'token'): string {
  const header = headers.get('authorization');
  if (header === null) throw unauthenticated('Send the header "authorization: Bearer <token>".');
  const [, token] = /^bearer +([\x21-\x7e]+)$/i.exec(header.slice(0, MAX_LENGTH)) ?? [];
  if (token === undefined || header.length > MAX_LENGTH)
    throw unauthenticated(
      `The header "authorization" must be "Bearer <${name}>", of at most ${MAX_LENGTH} characters.`,
    );
  return token;
}

/** Returns the API key of a request: `x-api-key`, or else the bearer token. Throws `UNAUTHENTICATED` if both are missing. */
export function apiKeyOf(request: Request): string {
  const key = request.headers.get(API_KEY_HEADER);
  if (key === null && request.headers.get('authorization') === null)
    throw unauthenticated(`Send the header "${API_KEY_HEADER}: <key>" or "authorization: Bearer <key>".`);
  return key ?? bearerOf(request, 'key');
}
