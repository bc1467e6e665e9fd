import type { Client, TypedDocumentNode } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';

import { createClient, type Options } from './client';

/** A client that sends the ids of its documents, as in `generated/persisted-documents.json`, and never their text. */
export const createTrustedClient = (options: Options): Client =>
  createClient({
    ...options,
    exchanges: [
      persistedExchange({
        enforcePersistedQueries: true,
        enableForMutation: true,
        enableForSubscriptions: true,
        generateHash: async (_text, document) => documentId(document),
      }),
    ],
  });

/** The id that `persistedDocuments` of graphql-codegen has embedded in a document. */
function documentId(document: TypedDocumentNode & { __meta__?: { hash?: string } }): string {
  const id = document.__meta__?.hash;
  if (id === undefined) throw new Error('This document is not one that graphql-codegen has generated.');
  return id;
}
