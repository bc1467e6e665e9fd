import type { Plugin } from 'graphql-yoga';

import { CROSS_ORIGIN_MESSAGE, isAllowedOrigin } from '../cors.ts';
import { badRequest } from '../../domain/errors.ts';

/** What a page may send to any site without being asked first (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). */
const SIMPLE_TYPES = new Set(['', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']);
/** A page that sends one of them is asked first, whatever the content type; the names are those that clients know from other servers. */
const PREFLIGHTED = ['graphql-require-preflight', 'apollo-require-preflight', 'x-apollo-operation-name'];

/**
 * No page can make its visitor's browser start a livestream, or spend requests, unless the operator lets it call: a POST is taken only
 * where a browser would have asked first whether the page may send it, and nothing that a browser says comes from another site.
 */
export function useCsrfPrevention(origins: readonly string[]): Plugin {
  return {
    onRequestParse({ request: { method, headers } }) {
      // A browser says so itself, and no page can change it (https://www.w3.org/TR/fetch-metadata/).
      const isForeign = /^(cross|same)-site$/.test(headers.get('sec-fetch-site') ?? '');
      if (isForeign && !isAllowedOrigin(headers.get('origin'), origins)) throw badRequest(403, CROSS_ORIGIN_MESSAGE);
      if (method !== 'POST') return;
      const [type = ''] = (headers.get('content-type') ?? '').split(/[;,]/);
      if (!SIMPLE_TYPES.has(type.trim().toLowerCase()) || PREFLIGHTED.some((name) => headers.has(name))) return;
      throw badRequest(415, 'Send "content-type: application/json".');
    },
  };
}
