import { Trace } from '@apollo/usage-reporting-protobuf';
import { useApolloInstrumentation } from '@graphql-yoga/plugin-apollo-inline-trace';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';

import { recordOf } from '../../telemetry/requestRecord.ts';
import type { FormatErrors } from './useErrorFormatting.ts';

/** What answers in place of the server that was asked. */
interface Server {
  fetch(request: Request, context: object): Response | Promise<Response>;
}

/**
 * Has requests that ask for Apollo's inline trace (ftv1), as routers' do, answered by a server that makes one. That server is made for
 * the first of them: to trace fields every field of a schema is wrapped, for which all other requests would pay too.
 */
export function useTracingServer(make: () => Server): Plugin {
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
export function useInlineTrace(present: FormatErrors): Plugin {
  /** The paths of errors for which a subscription did not begin: no field was executed that they could be told with. */
  const rejectedPaths = new WeakSet<object>();
  // Not the whole plugin, which fails where a trace is large.
  const [instrumentation, requests] = useApolloInstrumentation({
    rewriteError: (error) => (error.path && rejectedPaths.has(error.path) ? null : error),
  });
  return {
    onPluginInit({ addPlugin }) {
      addPlugin({
        onExecutionResult(hook) {
          const { request, result } = hook;
          if (!result || isAsyncIterable(result) || Array.isArray(result)) return;
          const presented = present(result, request);
          if (recordOf(request).kind === 'subscription') {
            for (const { path } of presented.errors ?? []) if (path) rejectedPaths.add(path);
          }
          hook.setResult(presented);
        },
      });
      addPlugin(instrumentation);
      addPlugin({
        onExecutionResult(hook) {
          const { request, result, context } = hook;
          if (!result || isAsyncIterable(result) || Array.isArray(result)) return;
          const traced = requests.get(request)?.traces.get(context);
          if (traced === undefined) return;
          const ftv1 = toBase64(Trace.encode(traced.trace).finish());
          hook.setResult({ ...result, extensions: { ...result.extensions, ftv1 } });
        },
      });
    },
  };
}

/** Bytes that are made text at a time: a trace of some thousand fields is more than one call takes. */
const AT_A_TIME = 8192;

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += AT_A_TIME) {
    text += String.fromCharCode(...bytes.subarray(start, start + AT_A_TIME));
  }
  return btoa(text);
}
