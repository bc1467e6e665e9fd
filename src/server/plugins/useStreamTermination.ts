import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** The part of the context that the adapter for `node:http` adds. */
interface NodeContext {
  res?: { destroy(): unknown };
}

/**
 * Closes the connection of a subscription that fails with an `AbortError`, as all do when the gateway shuts down, so that clients
 * reconnect. Yoga does not recognize the error, which the executor has wrapped: it would send an error result, after which clients do
 * not reconnect. The adapter for `node:http` would leave the connection open.
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
