// #region environment
import { createClient } from 'graphql-ws';
import {
  Environment,
  type FetchFunction,
  type GraphQLResponse,
  type MissingFieldHandler,
  Network,
  Observable,
  RecordSource,
  type RelayFieldLogger,
  ROOT_TYPE,
  Store,
  type SubscribeFunction,
} from 'relay-runtime';

import { authorizedFetch, type Token } from '../authorizedFetch.ts';
import { OperationError } from '../operationError.ts';

export interface EnvironmentOptions {
  /** Such as `https://gateway.example/graphql`. */
  url: string;
  token: Token;
}

export function createEnvironment(options: EnvironmentOptions): Environment {
  return new Environment({
    network: Network.create(createFetch(options), createSubscribe(options)),
    store: new Store(new RecordSource()),
    getDataID,
    missingFieldHandlers: [handleMissingField],
    relayFieldLogger: throwFieldError,
  });
}
// #endregion

// #region fetch
function createFetch({ url, token }: EnvironmentOptions): FetchFunction {
  const fetch = authorizedFetch(token);
  return async ({ id }, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json, application/json',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ documentId: id, variables }),
    }).catch(rethrow);
    const result = toRelayResponse(await response.json().catch(rethrow));
    if (result instanceof OperationError) throw result;
    return result;
  };
}

interface Result {
  data?: object | null | undefined;
  errors?: readonly { message: string; extensions?: Record<string, unknown> }[] | undefined;
}

/** Returns an error if there is no data: Relay's own error would lack the code. */
function toRelayResponse({ data, errors = [] }: Result): GraphQLResponse | OperationError {
  return data ? { data, errors: [...errors] } : OperationError.from(errors[0]);
}

function rethrow(cause: unknown): never {
  throw OperationError.network(cause);
}
// #endregion

// #region subscribe
function createSubscribe({ url, token }: EnvironmentOptions): SubscribeFunction {
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: async () => ({ authorization: `Bearer ${await token(false)}` }),
    // By default, the fifth attempt is the last one, and so is one that cannot connect at all.
    retryAttempts: Infinity,
    shouldRetry: () => true,
  });
  return ({ id }, variables) => {
    const payload = { query: '', extensions: { persistedQuery: { version: 1, sha256Hash: id } }, variables };
    return Observable.create((sink) =>
      client.subscribe<object>(payload, {
        next: (value) => {
          const result = toRelayResponse(value);
          if (result instanceof OperationError) sink.error(result);
          else sink.next(result);
        },
        error: (cause) => sink.error(subscriptionError(cause)),
        complete: sink.complete,
      }),
    );
  };
}

/** Converts what graphql-ws reports: the errors of the operation, or why the connection was closed. */
function subscriptionError(cause: unknown): OperationError {
  if (Array.isArray(cause)) return OperationError.from(cause[0]);
  const isUnauthenticated = cause instanceof CloseEvent && cause.code === 4401;
  if (!isUnauthenticated) return OperationError.network(cause);
  return OperationError.from({ message: cause.reason, extensions: { code: 'UNAUTHENTICATED' } });
}
// #endregion

// #region cache-keys
/** Ids are unique within a type, so the type is part of the key. */
function getDataID({ id }: { id?: unknown }, typename: string): string | null {
  return typeof id === 'string' ? `${typename}:${id}` : null;
}

const TYPES: Record<string, string> = {
  livestream: 'Livestream',
  livestreamSession: 'LivestreamSession',
  meeting: 'Meeting',
};

/** `livestream(id:)` is the livestream with this id, so if a list has loaded it, no request is needed. */
const handleMissingField: MissingFieldHandler = {
  kind: 'linked',
  handle: (field, parent, { id }) => {
    const typename = TYPES[field.name];
    return parent?.getType() === ROOT_TYPE && typename !== undefined ? getDataID({ id }, typename) : undefined;
  },
};
// #endregion

// #region field-errors
/** `@throwOnFieldError` throws this error rather than Relay's, which lacks the code. */
const throwFieldError: RelayFieldLogger = (event) => {
  if (event.kind === 'relay_field_payload.error' && event.shouldThrow && !event.handled)
    throw OperationError.from(event.error);
};
// #endregion
