import type { GraphQLParams, Plugin } from 'graphql-yoga';

import type { Context } from '../../graphql/context.ts';
import { noteOf, noteOperation } from '../../telemetry/requestRecord.ts';
import type { Answers } from '../../data/cache/responseCache.ts';
import { callerOf } from './useAuthentication.ts';
import { REPORT_HEADER } from './useUpstreamReport.ts';

/**
 * Gives an answer as it is to whoever asks the same, from the same account and with the same scopes, while it is true, without
 * parsing, executing and writing it anew: many viewers poll one query.
 */
export function useKeptAnswers(answers: Answers): Plugin<Context> {
  return {
    onParams({ params, request, setResult }) {
      if (request.headers.get(REPORT_HEADER) !== null) return;
      const answer = answers.find(callerOf(request).account.id, questionOf(params, request));
      if (answer === undefined) return;
      const note = noteOf(request);
      note.isKept = true;
      // What changes something is not kept.
      noteOperation(note, 'query', answer.name);
      setResult(asResult(answer.text));
    },
    onExecute({ args: { contextValue } }) {
      const { params, request, loaders } = contextValue;
      if (request.headers.get(REPORT_HEADER) !== null) return undefined;
      return {
        onExecuteDone({ result, setResult }) {
          if (!('data' in result) || 'errors' in result || !loaders.isLasting()) return;
          const text = JSON.stringify(result);
          loaders.keep(questionOf(params, request), { text, name: noteOf(request).name });
          setResult(asResult(text));
        },
      };
    },
  };
}

/** An answer whose text is there already: Yoga takes it from `stringify`. */
function asResult(text: string) {
  return { data: {}, stringify: () => text };
}

function questionOf({ query, operationName, variables }: GraphQLParams, request: Request): string {
  return JSON.stringify([operationName, variables, [...callerOf(request).viewer.scopes].toSorted(), query]);
}
