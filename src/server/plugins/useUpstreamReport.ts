import type { Plugin } from 'graphql-yoga';

import type { Context } from '../../graphql/context.ts';

/** Who sends this header with `1` is told what the operation cost, in `extensions.upstream`. */
export const REPORT_HEADER = 'x-upstream-report';

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
