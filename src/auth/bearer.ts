import { unauthenticated } from './authErrors.ts';

/** Where an API key may stand instead. */
const KEY_HEADER = 'x-api-key';

/** Characters; a longer credential is refused unread. */
const LONGEST = 8192;

/**
 * The caller's bearer token (RFC 6750, 2.1). Throws `UNAUTHENTICATED` without one, and for one that has characters which no
 * credential has.
 */
export function bearerOf({ headers }: Request): string {
  const sent = headers.get('authorization');
  if (sent === null) throw unauthenticated('Send the header "authorization: Bearer <token>".');
  const [, token] = /^bearer +([\x21-\x7e]+)$/i.exec(sent.slice(0, LONGEST)) ?? [];
  if (token === undefined || sent.length > LONGEST)
    throw unauthenticated('The header "authorization" is to be "Bearer <token>".');
  return token;
}

/** The caller's API key: `x-api-key`, or a bearer token. Throws `UNAUTHENTICATED` as `bearerOf` does. */
export function apiKeyOf(request: Request): string {
  return request.headers.get(KEY_HEADER) ?? bearerOf(request);
}
