import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** What the adapter to `node:http` adds. */
interface NodeContext {
  res?: { destroy(): unknown };
}

/**
 * Lets a subscription that fails with an `AbortError` break its connection, by which clients know to come back. Yoga would, but the
 * executor has put its own error around it by then, and that would be an answer, after which nobody comes back; and the adapter to
 * `node:http` would leave the connection open for ever.
 */
export function useStreamTermination(): Plugin<NodeContext> {
  return {
    onSubscribe: ({ args: { contextValue } }) => ({
      onSubscribeError({ error }) {
        const cause = error instanceof GraphQLError ? error.originalError : error;
        if (!(cause instanceof DOMException) || cause.name !== 'AbortError') return;
        contextValue.res?.destroy();
        throw cause;
      },
    }),
  };
}
