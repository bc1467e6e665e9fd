import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';

import type { TrustedDocuments } from '../../config/persistedDocuments.ts';

/** The parameter by which the GraphQL-over-HTTP draft's appendix on persisted documents names one. */
export const DOCUMENT_ID = 'documentId';

/** Takes a document's id in place of its text: `documentId`, or Apollo's `extensions.persistedQuery.sha256Hash`. */
export function useTrustedDocuments({ documents, isExclusive }: TrustedDocuments): Plugin {
  return usePersistedOperations({
    allowArbitraryOperations: !isExclusive,
    extractPersistedOperationId: (params, request) => idOf(params, request),
    getPersistedOperation: (id) => documents.get(id) ?? null,
    customErrors: {
      notFound: () =>
        refusal(
          'PERSISTED_QUERY_NOT_FOUND',
          `No document is known under this id. ${isExclusive ? 'Only known ones are served.' : 'Send its text as "query".'}`,
        ),
      keyNotFound: () => refusal('BAD_REQUEST', 'Must provide query string.'),
      persistedQueryOnly: () =>
        refusal(
          'FORBIDDEN',
          `Only documents known to this gateway are served: send a "${DOCUMENT_ID}" alone, without "query".`,
        ),
    },
  });
}

function idOf(params: GraphQLParams, request: Request): string | null {
  const {
    documentId,
    extensions,
  }: { documentId?: unknown; extensions?: { persistedQuery?: { sha256Hash?: unknown } } } = params;
  const sent = documentId ?? inUrl(request) ?? extensions?.persistedQuery?.sha256Hash;
  return typeof sent === 'string' ? sent.replace(/^sha256:/, '') : null;
}

/** Yoga reads no parameters of its own from a URL. */
function inUrl({ method, url }: Request): string | null {
  return method === 'GET' ? new URL(url).searchParams.get(DOCUMENT_ID) : null;
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400, spec: true } } });
}
