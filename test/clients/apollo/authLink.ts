import { type ApolloLink, CombinedGraphQLErrors } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { defer, mergeMap } from 'rxjs';

export interface Credentials {
  /** Returns the access token, a new one if the last one has expired. */
  token: () => string | Promise<string>;
  /** Gets a new access token, which `token` then returns, because the gateway has rejected the last one. */
  refresh: () => Promise<void>;
}

/** Sends the access token; if it has expired, gets a new one and sends the operation again, once. */
export function createAuthLink({ token, refresh }: Credentials): ApolloLink {
  const refreshExpired = new ErrorLink(({ error, operation, forward }) =>
    CombinedGraphQLErrors.is(error) && error.errors.some(({ extensions }) => extensions?.['code'] === 'UNAUTHENTICATED')
      ? defer(refresh).pipe(mergeMap(() => forward(operation)))
      : undefined,
  );
  const sendToken = new SetContextLink(async ({ headers }) => ({
    headers: { ...headers, authorization: `Bearer ${await token()}` },
  }));
  return refreshExpired.concat(sendToken);
}
