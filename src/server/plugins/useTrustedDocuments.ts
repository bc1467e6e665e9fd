import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';

import type { TrustedDocuments } from '../../config/persistedDocuments.ts';

/** The request parameter for the id of a persisted document (GraphQL over HTTP, appendix "Persisted Documents"). */
export const DOCUMENT_ID = 'documentId';

/** Accepts the id of a document in place of its text: `documentId`, or Apollo's `extensions.persistedQuery.sha256Hash`. */
export function useTrustedDocuments({ documents, isExclusive }: TrustedDocuments): Plugin {
  return usePersistedOperations({
    allowArbitraryOperations: !isExclusive,
    extractPersistedOperationId: (params, request) => idOf(params, request),
    getPersistedOperation: (id) => documents.get(id) ?? null,
    customErrors: {
      notFound: () =>
        documentError(
          'PERSISTED_QUERY_NOT_FOUND',
          `No document has this id. ${isExclusive ? 'This gateway serves only registered documents.' : 'Send the text of the document as "query".'}`,
        ),
      keyNotFound: () => documentError('BAD_REQUEST', 'Must provide query string.'),
      persistedQueryOnly: () =>
        documentError(
          'FORBIDDEN',
          `This gateway serves only registered documents: send "${DOCUMENT_ID}" without "query".`,
        ),
    },
  });
}

function idOf(params: GraphQLParams, request: Request): string | null {
  const {
    documentId,
    extensions,
  }: { documentId?: unknown; extensions?: { persistedQuery?: { sha256Hash?: unknown } } } = params;
  const id = documentId ?? idInUrl(request) ?? extensions?.persistedQuery?.sha256Hash;
  return typeof id === 'string' ? id.replace(/^sha256:/, '') : null;
}

/** Of a URL, Yoga reads only the standard parameters. */
function idInUrl({ method, url }: Request): string | null {
  return method === 'GET' ? new URL(url).searchParams.get(DOCUMENT_ID) : null;
}

function documentError(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400, spec: true } } });
}
