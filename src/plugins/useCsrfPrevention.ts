import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** What a page may send to any site without being asked first (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). */
const SIMPLE_TYPES = new Set(['', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']);
/** A page that sends one of them is asked first, whatever the content type; the names are those that clients know from other servers. */
const PREFLIGHTED = ['graphql-require-preflight', 'apollo-require-preflight', 'x-apollo-operation-name'];

/** Takes a POST only where a browser would have asked whether the page may send it: no page can make its visitor's browser start a livestream. */
export function useCsrfPrevention(): Plugin {
  return {
    onRequestParse({ request: { method, headers } }) {
      if (method !== 'POST') return;
      const [type = ''] = (headers.get('content-type') ?? '').split(/[;,]/);
      if (!SIMPLE_TYPES.has(type.trim().toLowerCase()) || PREFLIGHTED.some((name) => headers.has(name))) return;
      const words = `Send "content-type: application/json", or the header "${PREFLIGHTED[0]}" with any value.`;
      throw new GraphQLError(words, { extensions: { code: 'BAD_REQUEST', http: { status: 415 } } });
    },
  };
}
