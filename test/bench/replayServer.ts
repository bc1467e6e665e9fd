import { createServer, type Socket } from 'node:net';

import { request } from 'undici';

import { listenAndPrintUrl } from './servers/listenAndPrintUrl.ts';

/*
 * Fetches each response once from the sandbox at the origin `RECORD_FROM`, then replays its bytes. The sandbox needs more time for a
 * request than most gateways do: behind it, a gateway would sleep between any two responses, and the benchmark would mostly measure
 * the cost of waking up.
 */

const sourceOrigin = process.env['RECORD_FROM'] ?? '';
const recordings = new Map<string, Promise<Buffer>>();
const CONTROL_PATH = '/__replay';
const RECORDED_HEADERS = ['content-type', 'ratelimit', 'ratelimit-policy', 'cf-ray'];
let latencyMs = 0;
let received = 0;

/** Fetches a response and returns the bytes of its HTTP/1.1 message. */
async function record(path: string): Promise<Buffer> {
  const response = await request(sourceOrigin + path, { headers: { authorization: 'Bearer recording' } });
  const body = Buffer.from(await response.body.arrayBuffer());
  const headers = RECORDED_HEADERS.flatMap((name) => {
    const value = response.headers[name];
    return typeof value === 'string' ? [`${name}: ${value}`] : [];
  });
  const head = [`HTTP/1.1 ${response.statusCode} Recorded`, ...headers, `content-length: ${body.length}`, '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n')), body]);
}

async function replay(socket: Socket, path: string): Promise<void> {
  const recording = recordings.get(path) ?? record(path);
  recordings.set(path, recording);
  const bytes = await recording;
  if (latencyMs === 0) socket.write(bytes);
  else setTimeout(() => socket.write(bytes), latencyMs);
}

/** Parses only the request line, because all requests have no body and none are pipelined. */
function handleConnection(socket: Socket): void {
  let head = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    head += chunk.toString('latin1');
    if (!head.endsWith('\r\n\r\n')) return;
    const [method = '', path = ''] = head.slice(0, head.indexOf(' HTTP/')).split(' ');
    head = '';
    if (path.startsWith(CONTROL_PATH)) return handleControlRequest(socket, method, path);
    received += 1;
    replay(socket, path).catch(() => socket.destroy());
  });
}

/** `GET` returns the request count, `DELETE` resets it, `PUT /__replay/50` delays every response by 50 ms. */
function handleControlRequest(socket: Socket, method: string, path: string): void {
  if (method === 'DELETE') received = 0;
  if (method === 'PUT') latencyMs = Number(path.slice(CONTROL_PATH.length + 1));
  const body = JSON.stringify({ received });
  socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
}

listenAndPrintUrl(createServer(handleConnection));
