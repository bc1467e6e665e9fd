import { isAsyncIterable, type Plugin, processRegularResult } from 'graphql-yoga';

import type { Clock } from '../../lib/clock.ts';
import { notAcceptable } from '../negotiation.ts';
import { type ServerContext, stateOf } from '../requestState.ts';
import { streamEvents, streamResult } from '../streamResponse.ts';

/** Responds in the media type that the client prefers. If there is none, rejects the request before its body is read. */
export function useMediaTypes(clock: Clock): Plugin<object, ServerContext> {
  return {
    onRequestParse({ request, serverContext }) {
      if (stateOf(serverContext, request).responseTypes.result === null) throw notAcceptable('result');
    },
    onResultProcess(hook) {
      const { responseTypes } = stateOf(hook.serverContext, hook.request);
      // What the client does not accept is sent only to tell it what to accept.
      const type = responseTypes.result ?? 'application/json';
      hook.setResultProcessor((result, fetchAPI) => {
        if (isAsyncIterable(result) && responseTypes.stream !== null)
          return streamEvents(responseTypes.stream, result, { fetchAPI, clock });
        if (type !== responseTypes.stream) return processRegularResult(result, fetchAPI, type);
        return streamResult(type, processRegularResult(result, fetchAPI, 'application/json'), fetchAPI);
      }, type);
    },
  };
}
