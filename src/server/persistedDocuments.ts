import type { MaybePromise } from '@whatwg-node/promise-helpers';
import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';

import type { TrustedDocuments } from '../config/persistedDocuments.ts';
import { checkLength } from '../graphql/limits/checkDocument.ts';
import type { OperationLimits } from '../graphql/limits/operationLimits.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { DOCUMENT_ID, type OperationParams } from './requestParams.ts';

/** How many documents clients may register. */
const MAX_REGISTERED = 2000;
/** The maximum memory of the registered documents. V8 stores a character in one or two bytes. */
const MAX_REGISTERED_BYTES = 8_000_000;

export interface PersistedDocumentsOptions {
  trustedDocuments: TrustedDocuments;
  limits: OperationLimits;
}

/** The documents that clients may name instead of sending them: those the operator trusts, and those that clients have registered. */
export type PersistedDocuments = ReturnType<typeof createPersistedDocuments>;

export function createPersistedDocuments({ trustedDocuments, limits }: PersistedDocumentsOptions) {
  const { isExclusive } = trustedDocuments;
  let trusted = trustedDocuments.documents;
  let trustedTexts = new Set(trusted.values());
  const registered = new LRUCache<string, string>({
    max: MAX_REGISTERED,
    maxSize: MAX_REGISTERED_BYTES,
    sizeCalculation: (text, hash) => 2 * (text.length + hash.length),
  });

  /** Stores a document by its hash (https://www.apollographql.com/docs/apollo-server/performance/apq). */
  async function register(hash: string, text: string): Promise<string> {
    checkLength(text, limits);
    if ((await sha256Hex(text)) !== hash) throw hashMismatch();
    registered.set(hash, text);
    return text;
  }

  return {
    /** Trusts these documents from now on, and no others. */
    replaceTrusted: (documents: TrustedDocuments['documents']): void => {
      trusted = documents;
      trustedTexts = new Set(documents.values());
    },
    /**
     * Returns the text of a request's document. In place of the text, a request may contain the document's id: `documentId`, or Apollo's
     * `extensions.persistedQuery.sha256Hash`. A request with text and hash registers the document, unless only trusted ones are allowed.
     * Throws or rejects if the document is missing, unknown, not allowed, or not what its hash says.
     */
    textOf(params: OperationParams): MaybePromise<string> {
      const { query } = params;
      const hash = apolloHashOf(params);
      if (query !== null && query !== '') {
        if (isExclusive && trustedTexts.has(query)) return query;
        if (isExclusive) throw onlyTrusted();
        return hash === null || registered.get(hash) === query ? query : register(hash, query);
      }
      const { documentId } = params;
      const id = documentId ?? hash;
      if (typeof id !== 'string') throw noDocument();
      const key = id.replace(/^sha256:/, '');
      const text = trusted.get(key) ?? registered.get(key);
      if (text !== undefined) return text;
      throw documentId === null ? unknownHash(isExclusive) : unknownId(isExclusive);
    },
  };
}

function apolloHashOf({ extensions }: OperationParams): string | null {
  const { persistedQuery }: { persistedQuery?: { sha256Hash?: unknown } | null } = extensions ?? {};
  const hash = persistedQuery?.sha256Hash;
  return typeof hash === 'string' ? hash : null;
}

function noDocument(): GraphQLError {
  return documentError('BAD_REQUEST', `Send a document as "query", or its ID as "${DOCUMENT_ID}".`);
}

function onlyTrusted(): GraphQLError {
  const message = `This gateway serves only trusted documents: send the "${DOCUMENT_ID}" or the exact text of one.`;
  return documentError('FORBIDDEN', message);
}

function unknownId(isExclusive: boolean): GraphQLError {
  const advice = isExclusive ? 'only trusted documents are served' : 'send the text of the document as "query"';
  return documentError('PERSISTED_QUERY_NOT_FOUND', `No document has this ID: ${advice}.`);
}

/** Clients react to these codes, or, as urql, to these messages: they send the text, or only texts from then on. */
function unknownHash(isExclusive: boolean): GraphQLError {
  return isExclusive
    ? documentError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported')
    : documentError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
}

function hashMismatch(): GraphQLError {
  const message = 'The hash does not match the document: send the SHA-256 of "query" in lowercase hexadecimal.';
  return documentError('PERSISTED_QUERY_HASH_MISMATCH', message);
}

function documentError(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400, spec: true } } });
}
