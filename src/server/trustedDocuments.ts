import { GraphQLError } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';

import type { TrustedDocuments } from '../config/persistedDocuments.ts';

/** The request parameter for the id of a persisted document (GraphQL over HTTP, appendix "Persisted Documents"). */
export const DOCUMENT_ID = 'documentId';

/**
 * Returns the text of a request's document. In place of the text, a request may contain the document's id: `documentId`, or Apollo's
 * `extensions.persistedQuery.sha256Hash`. Throws if the document is missing, unknown, or not allowed.
 */
export function documentText(
  { query, ...params }: GraphQLParams,
  request: Request,
  { documents, isExclusive }: TrustedDocuments,
): string {
  if (query !== undefined && query !== null && query !== '') {
    if (!isExclusive) return query;
    const message = `This gateway serves only registered documents: send "${DOCUMENT_ID}" without "query".`;
    throw documentError('FORBIDDEN', message);
  }
  const id = idOf(params, request);
  if (id === null) throw documentError('BAD_REQUEST', 'Must provide query string.');
  const text = documents.get(id);
  if (text !== undefined) return text;
  const advice = isExclusive
    ? 'This gateway serves only registered documents.'
    : 'Send the text of the document as "query".';
  throw documentError('PERSISTED_QUERY_NOT_FOUND', `No document has this id. ${advice}`);
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
