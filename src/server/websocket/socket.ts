import type { RawData, WebSocket } from 'ws';

import type { Clock } from '../../lib/clock.ts';

/** While more bytes than this wait to be sent to a client, no more messages are read from the client. */
const HIGH_WATER_MARK_BYTES = 256 * 1024;

/** Sends a message, and resolves when the operating system has accepted it, so that a slow client slows its operations down. */
export async function sendWithBackpressure(socket: WebSocket, text: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  await new Promise<void>((resolve) => {
    // The callback's error is ignored: the connection closes.
    socket.send(text, () => resolve());
  });
  if (socket.isPaused && socket.bufferedAmount <= HIGH_WATER_MARK_BYTES) socket.resume();
}

/** Stops reading from a client that does not read what is sent to it. */
export function pauseIfCongested(socket: WebSocket): void {
  if (socket.bufferedAmount > HIGH_WATER_MARK_BYTES) socket.pause();
}

/** How often each client is pinged. */
const PING_INTERVAL_MS = 12_000;

/** Pings the client, and closes the connection if the client has not answered by the next ping. Returns a function that stops the pings. */
export function startPings(socket: WebSocket, clock: Clock): () => void {
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const ping = (): void => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
    stop = clock.after(PING_INTERVAL_MS, ping);
  };
  let stop = clock.after(PING_INTERVAL_MS, ping);
  return () => stop();
}

/** Messages are `Buffer`s unless `binaryType` says otherwise. */
export function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : '';
}
