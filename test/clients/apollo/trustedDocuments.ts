import type { ApolloClient } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import type { DocumentNode } from 'graphql';

import { createClient, type Options } from './client';
import { createSocket, createTransportLink } from './transportLink';

/** A client that sends the ids of its documents, as in `generated/persisted-documents.json`, and never their text. */
export function createTrustedClient(options: Options): ApolloClient {
  const { url, credentials } = options;
  const ids = new PersistedQueryLink({ generateHash: documentId, disable: () => false, retry: () => false });
  const socket = createSocket(url, credentials);
  // GraphQLWsLink sends the text even beside an id.
  const socketWithoutText: typeof socket = {
    ...socket,
    subscribe: (payload, sink) => socket.subscribe({ ...payload, query: '' }, sink),
  };
  return createClient(options, ids.concat(createTransportLink(url, socketWithoutText)));
}

/** The id that `persistedDocuments` of graphql-codegen has embedded in a document. */
function documentId(document: DocumentNode & { __meta__?: { hash?: string } }): string {
  const id = document.__meta__?.hash;
  if (id === undefined) throw new Error('This document is not one that graphql-codegen has generated.');
  return id;
}
