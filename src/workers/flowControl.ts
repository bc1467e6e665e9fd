import { type HibernatingSocket, isOpen } from './hibernation.ts';

/** How much is sent to a client before it must confirm that it still reads. */
const WINDOW_CHARS = 256 * 1024;
/** How long a client may take to confirm. */
const CONFIRMATION_TIMEOUT_MS = 30_000;

/**
 * Sends messages no faster than the client reads them. A Worker cannot see how much of what it sent still waits in its memory: `send` has
 * no callback, and sockets have no `bufferedAmount` ("WebSockets" in the Workers runtime APIs). So, whenever a window's worth of messages
 * was sent, a `ping` of the protocol follows, which each client must answer with a `pong`, and further messages wait for that.
 * `onTimeout` is called if the client does not answer.
 */
export function createFlowControl(socket: HibernatingSocket, onTimeout: () => void) {
  let unconfirmedChars = 0;
  let confirmation: PromiseWithResolvers<void> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Sends a message if the socket is open by then. */
  async function send(text: string): Promise<void> {
    if (confirmation !== null) {
      await confirmation.promise;
      return send(text);
    }
    if (!isOpen(socket)) return;
    socket.send(text);
    unconfirmedChars += text.length;
    if (unconfirmedChars < WINDOW_CHARS) return;
    confirmation = Promise.withResolvers();
    timer = setTimeout(onTimeout, CONFIRMATION_TIMEOUT_MS);
    socket.send('{"type":"ping"}');
  }

  /** The client has read everything up to the `ping`, or is disconnected. */
  function confirm(): void {
    clearTimeout(timer);
    unconfirmedChars = 0;
    confirmation?.resolve();
    confirmation = null;
  }

  return { send, confirm };
}
