import type { ClientMessage } from './messages.ts';

type Handle = (text: string) => Promise<void>;

/**
 * Returns a function that handles the messages of a connection. An operation that its client has completed takes a moment to end: until
 * then, further messages with its id wait. graphql-ws would confuse the operation with the next one of the same id, and end neither of
 * them, not even when the connection is closed. Messages that still wait when `isOpen` returns false are dropped.
 */
export function createMessageOrder(isOpen: () => boolean): (message: ClientMessage, handle: Handle) => Promise<void> {
  /** The operations in progress, by their ids. */
  const operations = new Map<unknown, { ended: Promise<void>; isCompleted: boolean }>();
  return async ({ text, type, id }, handle) => {
    let operation = operations.get(id);
    while (operation?.isCompleted === true) {
      await operation.ended.catch(() => {});
      if (!isOpen()) return;
      operation = operations.get(id);
    }
    if (operation !== undefined && type === 'complete') operation.isCompleted = true;
    const handled = handle(text);
    if (operation !== undefined || type !== 'subscribe') return handled;
    const ended = handled.finally(() => operations.delete(id));
    operations.set(id, { ended, isCompleted: false });
    return ended;
  };
}
