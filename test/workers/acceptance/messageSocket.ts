import { decode, encode, type ToGateway, type ToTest } from './protocol.ts';

/** A WebSocket to a gateway in workerd. Messages that are sent before it is open wait until then. */
export function createMessageSocket(url: URL, receive: (message: ToTest) => void) {
  const socket = new WebSocket(url);
  const waiting: string[] = [];
  const { promise: isOpen, resolve, reject } = Promise.withResolvers<void>();
  // Reported by what waits for it.
  isOpen.catch(() => {});
  socket.addEventListener('open', () => {
    for (const text of waiting.splice(0)) socket.send(text);
    resolve();
  });
  socket.addEventListener('error', () => reject(new Error('The gateway in workerd does not accept messages.')));
  socket.addEventListener('message', ({ data }) => {
    const message = decode(String(data));
    if (!isMessage(message)) throw new Error('Not a message');
    receive(message);
  });
  return {
    isOpen,
    send: (message: ToGateway): void => {
      const text = encode(message);
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
      else waiting.push(text);
    },
    close: () => socket.close(),
  };
}

const isMessage = (value: unknown): value is ToTest => typeof value === 'object' && value !== null;
