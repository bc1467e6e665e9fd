/**
 * The part of the WebSocket Hibernation API that this folder uses, named as in Cloudflare's documentation ("Use WebSockets" and
 * "Durable Object State").
 */

/** The server's end of a WebSocket that a Durable Object has accepted. */
export interface HibernatingSocket {
  readonly readyState: number;
  /** Throws an error once `close` was called. */
  send(text: string): void;
  close(code: number, reason: string): void;
  serializeAttachment(value: unknown): void;
  deserializeAttachment(): unknown;
}

/** What the constructor of a Durable Object gets as `state`. */
export interface SocketState {
  acceptWebSocket(socket: HibernatingSocket): void;
  /** All sockets that are not disconnected, including those that a former instance of the object accepted or closed. */
  getWebSockets(): HibernatingSocket[];
  setWebSocketAutoResponse(pair: object): void;
}

/** The two ends of a new WebSocket: the first is for the response, the second for the server. */
declare const WebSocketPair: new () => { 0: HibernatingSocket; 1: HibernatingSocket };
declare const WebSocketRequestResponsePair: new (request: string, response: string) => object;

/** Accepts a WebSocket, and returns the response to its handshake and the server's end of it. */
export function acceptSocket(state: SocketState, protocol: string): { response: Response; socket: HibernatingSocket } {
  const { 0: client, 1: socket } = new WebSocketPair();
  state.acceptWebSocket(socket);
  const headers: Record<string, string> = protocol === '' ? {} : { 'sec-websocket-protocol': protocol };
  const init: ResponseInit & { webSocket: HibernatingSocket } = { status: 101, headers, webSocket: client };
  return { response: new Response(null, init), socket };
}

/** Makes the platform answer messages that equal `request`, without waking the object. */
export function answerAutomatically(state: SocketState, request: string, response: string): void {
  state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(request, response));
}

/** The value of `readyState` of an open WebSocket (https://websockets.spec.whatwg.org/). */
const OPEN = 1;

export function isOpen({ readyState }: HibernatingSocket): boolean {
  return readyState === OPEN;
}

/**
 * Stores what the socket's operations need after a hibernation: their headers, or null if the socket could not go on then. The headers
 * contain a credential; attachments are part of the object, and nobody else can read them. They may take 16,384 bytes ("Use WebSockets").
 * If they take more, the socket cannot go on.
 */
export function storeHeaders(socket: HibernatingSocket, headers: Headers | null): void {
  try {
    socket.serializeAttachment(headers === null ? null : [...headers]);
  } catch {
    socket.serializeAttachment(null);
  }
}

/** Returns what `storeHeaders` has stored. */
export function storedHeaders(socket: HibernatingSocket): Headers | null {
  const entries = socket.deserializeAttachment();
  return Array.isArray(entries) && entries.every(isHeader) ? new Headers(entries) : null;
}

function isHeader(entry: unknown): entry is [string, string] {
  return Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string');
}
