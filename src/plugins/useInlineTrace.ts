import { useApolloInlineTrace } from '@graphql-yoga/plugin-apollo-inline-trace';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';

import type { Present } from './useErrorCodes.ts';

/** What answers in place of the server that was asked. */
interface Server {
  fetch(request: Request, context: object): Response | Promise<Response>;
}

/**
 * Has requests that ask for Apollo's inline trace (ftv1), as routers' do, answered by a server that makes one. That server is made for
 * the first of them: to trace fields every field of a schema is wrapped, for which all other requests would pay too.
 */
export function useTracedServer(make: () => Server): Plugin {
  let server: Server | undefined;
  return {
    onRequest(hook) {
      const { request, serverContext } = hook;
      if (request.headers.get('apollo-federation-include-trace') !== 'ftv1') return undefined;
      server ??= make();
      return Promise.resolve(server.fetch(request, serverContext)).then((response) => hook.endResponse(response));
    },
  };
}

/** Puts the trace into the answer, as `extensions.ftv1`; it tells of errors as callers see them. */
export function useInlineTrace(present: Present): Plugin {
  return {
    onPluginInit({ addPlugin }) {
      addPlugin({
        onExecutionResult(hook) {
          const { request, result } = hook;
          if (result && !isAsyncIterable(result) && !Array.isArray(result)) hook.setResult(present(result, request));
        },
      });
      addPlugin(useApolloInlineTrace());
    },
  };
}
