import { GraphQLError } from 'graphql';

/** What was sent is no request that can be looked at further; `message` says what to send. The whole answer has this HTTP status. */
export function badRequest(status: number, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status } } });
}
