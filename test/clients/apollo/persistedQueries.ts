import type { ApolloLink } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Sends hashes in place of texts, with GET, so that requests are small. */
export const withPersistedQueries = (transport: ApolloLink): ApolloLink =>
  new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(transport);
