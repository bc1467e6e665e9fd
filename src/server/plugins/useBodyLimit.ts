import type { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

import { readBody } from '../../lib/readBody.ts';
import { badRequest } from '../../domain/errors.ts';

/**
 * Rejects bodies of more than `maxBytes` with 413. Replaces Yoga's own limit, which pipes every body through a stream, and so costs
 * more than all other work on a small query. Here, a body with a `content-length` passes unchanged: the HTTP server reads no more
 * bytes than the header says.
 */
export function useBodyLimit(maxBytes: number): Plugin {
  return {
    onRequestParse({ request: { headers, method }, requestParser, setRequestParser, fetchAPI }) {
      if (method !== 'POST' || requestParser === undefined) return;
      const length = headers.get('transfer-encoding') === null ? headers.get('content-length') : null;
      if (length !== null) {
        if (Number(length) > maxBytes) throw tooLarge(maxBytes);
        return;
      }
      setRequestParser(async (request) => {
        if (request.body === null) return requestParser(request);
        const { url, signal } = request;
        const bytes = await readBody(request.body, maxBytes);
        if (bytes === null) throw tooLarge(maxBytes);
        const body = new TextDecoder().decode(bytes);
        return requestParser(new fetchAPI.Request(url, { method, headers, signal, body }));
      });
    },
  };
}

function tooLarge(maxBytes: number): GraphQLError {
  return badRequest(413, `The request's body is longer than ${maxBytes} bytes. Send fewer or shorter values.`);
}
