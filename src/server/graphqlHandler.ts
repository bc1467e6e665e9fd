import type { FetchAPI } from 'graphql-yoga';

import type { ResolveCaller } from '../auth/resolveCaller.ts';
import { type AnswerOptions, createOperationAnswer } from './answerOperation.ts';
import { createResponder, type ResponderOptions } from './createResponse.ts';
import { rejectForgery } from './csrf.ts';
import type { OperationResult } from './executeOperation.ts';
import { toGraphQLError } from './formatErrors.ts';
import { notAcceptable } from './negotiation.ts';
import { readParams } from './readParams.ts';
import { type ServerContext, stateOf } from './requestState.ts';

export interface GraphqlOptions extends AnswerOptions, ResponderOptions {
  /** Origins whose pages may send requests. */
  corsOrigins: readonly string[];
  /** Throws `UNAUTHENTICATED` to reject a request. */
  resolveCaller: ResolveCaller;
}

/** Answers a request for GraphQL. Rejects only for errors inside the gateway. */
export type GraphqlHandler = (request: Request, context: ServerContext) => Promise<Response>;

/**
 * Creates the handler of requests for GraphQL. It takes the place of Yoga's own, whose hooks for each step cost more than the steps.
 * Requests that are not allowed (forged or unauthenticated), or whose client accepts no media type of a result, are rejected before their
 * body is read.
 */
export function createGraphqlHandler(options: GraphqlOptions, fetchAPI: FetchAPI): GraphqlHandler {
  const { corsOrigins, resolveCaller, limits } = options;
  const answer = createOperationAnswer(options);
  const respond = createResponder(options, fetchAPI);

  async function resultOf(request: Request, context: ServerContext): Promise<OperationResult> {
    const state = stateOf(context, request);
    rejectForgery(request, corsOrigins);
    state.caller = await resolveCaller(request);
    if (state.responseTypes.result === null) throw notAcceptable('result');
    const params = await readParams(request, limits.bodyBytes);
    return answer(request, params, state);
  }

  return async (request, context) => {
    try {
      return await respond(await resultOf(request, context), request, context);
    } catch (error) {
      return respond({ errors: [toGraphQLError(error)] }, request, context);
    }
  };
}
