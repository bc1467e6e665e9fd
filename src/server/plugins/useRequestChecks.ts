import type { Plugin } from 'graphql-yoga';

import type { ResolveCaller } from '../../auth/resolveCaller.ts';
import { whenReady } from '../../lib/maybePromise.ts';
import { rejectForgery } from '../csrf.ts';
import { notAcceptable } from '../negotiation.ts';
import { limitedParser } from '../requestBody.ts';
import { type ServerContext, stateOf } from '../requestState.ts';

export interface RequestCheckOptions {
  /** Origins whose pages may send requests. */
  corsOrigins: readonly string[];
  /** Throws `UNAUTHENTICATED` to reject a request. */
  resolveCaller: ResolveCaller;
  maxBodyBytes: number;
}

/**
 * Rejects requests for GraphQL before their body is read, if they are not allowed (forged, unauthenticated, not JSON, or too long), or if
 * the client accepts no media type of a result.
 */
export function useRequestChecks({
  corsOrigins,
  resolveCaller,
  maxBodyBytes: maxBytes,
}: RequestCheckOptions): Plugin<object, ServerContext> {
  return {
    onRequestParse({ request, requestParser, setRequestParser, serverContext, fetchAPI }) {
      const state = stateOf(serverContext, request);
      rejectForgery(request, corsOrigins);
      return whenReady(resolveCaller(request), (caller) => {
        state.caller = caller;
        const parser = limitedParser(request, requestParser, { maxBytes, fetchAPI });
        if (parser !== undefined) setRequestParser(parser);
        if (state.responseTypes.result === null) throw notAcceptable('result');
      });
    },
  };
}
