import { badRequest } from '../domain/errors.ts';
import { CROSS_ORIGIN_MESSAGE, isAllowedOrigin } from './cors.ts';

/** Content types that pages may send to any site without a preflight (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). */
const SAFELISTED_TYPES = new Set(['', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']);
/** Headers that require a preflight whatever the content type. Clients know these names from other GraphQL servers. */
export const PREFLIGHTED_HEADERS = ['graphql-require-preflight', 'apollo-require-preflight', 'x-apollo-operation-name'];

/**
 * Prevents cross-site request forgery: pages of other sites cannot make their visitors' browsers start a livestream or spend upstream
 * requests, unless `origins` lists the page's origin. Throws for every request that a browser marks as cross-site, and for every POST
 * that a browser would send without a preflight.
 */
export function rejectForgery({ method, headers }: Request, origins: readonly string[]): void {
  // Browsers set this header themselves; pages cannot change it (https://www.w3.org/TR/fetch-metadata/).
  const isCrossSite = /^(cross|same)-site$/.test(headers.get('sec-fetch-site') ?? '');
  if (isCrossSite && !isAllowedOrigin(headers.get('origin'), origins)) throw badRequest(403, CROSS_ORIGIN_MESSAGE);
  if (method !== 'POST') return;
  const [type = ''] = (headers.get('content-type') ?? '').split(/[;,]/);
  if (!SAFELISTED_TYPES.has(type.trim().toLowerCase()) || PREFLIGHTED_HEADERS.some((name) => headers.has(name))) return;
  throw badRequest(415, 'Send "content-type: application/json".');
}
