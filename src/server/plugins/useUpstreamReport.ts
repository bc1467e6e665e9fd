import type { Plugin } from 'graphql-yoga';

import type { Context } from '../../graphql/context.ts';

/** The request header that requests the report, with the value `1`. */
export const REPORT_HEADER = 'x-upstream-report';

/** Reports the upstream requests of an operation in `extensions.upstream`, if the caller requests the report. */
export function useUpstreamReport(): Plugin<Context> {
  return {
    onExecute({ args: { contextValue } }) {
      if (contextValue.request.headers.get(REPORT_HEADER) !== '1') return undefined;
      return {
        onExecuteDone({ result, setResult }) {
          if (!('data' in result)) return;
          setResult({ ...result, extensions: { ...result.extensions, upstream: contextValue.loaders.report() } });
        },
      };
    },
  };
}
