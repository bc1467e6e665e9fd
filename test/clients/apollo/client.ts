import { ApolloClient, ApolloLink } from '@apollo/client';

import { createAuthLink, type Credentials } from './authLink';
import { createCache } from './cache';
import { createErrorLink } from './errorLink';
import { createRetryLink } from './retryLink';
import { createSocket, createTransportLink } from './transportLink';

export interface Options {
  /** The gateway's endpoint, such as `https://gateway.example/graphql`. */
  url: string;
  credentials: Credentials;
  /** Shows the user a message. */
  show: (message: string) => void;
}

export function createClient(
  { url, credentials, show }: Options,
  transport: ApolloLink = createTransportLink(url, createSocket(url, credentials)),
): ApolloClient {
  return new ApolloClient({
    cache: createCache(),
    dataMasking: true,
    link: ApolloLink.from([createErrorLink(show), createRetryLink(), createAuthLink(credentials), transport]),
  });
}
