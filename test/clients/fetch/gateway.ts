import { createClient } from 'graphql-sse';

import { authorizedFetch, type Token } from '../authorizedFetch.ts';
import { OperationError } from '../operationError.ts';
import type { TypedDocumentString } from './generated/graphql';

export interface GatewayOptions {
  /** Such as `https://gateway.example/graphql`. */
  url: string;
  token: Token;
  /** Whether to send the ids of persisted documents in place of their text. By default, false. */
  trustedDocuments?: boolean;
}

/** What an operation has returned. A field that has failed is null in `data`. */
export interface Result<Data> {
  data: Data;
  errors: OperationError[];
}

export type Gateway = ReturnType<typeof createGateway>;

/** Executes operations. Both methods throw an `OperationError` if there is no data. */
export function createGateway({ url, token, trustedDocuments = false }: GatewayOptions) {
  const fetch = authorizedFetch(token);
  const events = createClient({ url, fetchFn: fetch });

  const toRequest = <Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables) =>
    trustedDocuments
      ? { documentId: documentIdOf(document), query: '', variables }
      : { query: document.toString(), variables };

  return {
    async execute<Data, Variables>(
      document: TypedDocumentString<Data, Variables>,
      variables: Variables,
      signal: AbortSignal | null = null,
    ): Promise<Result<Data>> {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          accept: 'application/graphql-response+json, application/json',
          'content-type': 'application/json',
        },
        body: JSON.stringify(toRequest(document, variables)),
        signal,
      }).catch(rethrow);
      return toResult(await response.json().catch(rethrow));
    },

    /** Yields the current state at once, and then each change, until the signal is aborted. */
    async *subscribe<Data, Variables extends Record<string, unknown>>(
      document: TypedDocumentString<Data, Variables>,
      variables: Variables,
      signal: AbortSignal,
    ): AsyncGenerator<Data, void> {
      const results = events.iterate<Data>(toRequest(document, variables));
      signal.addEventListener('abort', () => void results.return?.());
      try {
        for await (const result of results) yield toResult(result).data;
      } catch (cause) {
        rethrow(cause);
      }
    },
  };
}

interface Response<Data> {
  data?: Data | null;
  errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
}

function toResult<Data>({ data, errors = [] }: Response<Data>): Result<Data> {
  if (!data) throw OperationError.from(errors[0]);
  return { data, errors: errors.map((error) => OperationError.from(error)) };
}

function rethrow(cause: unknown): never {
  throw cause instanceof OperationError ? cause : OperationError.network(cause);
}

/** The id under which GraphQL Code Generator has persisted the document. */
export function documentIdOf<Data, Variables>(document: TypedDocumentString<Data, Variables>): string {
  return document.__meta__?.['hash'];
}
