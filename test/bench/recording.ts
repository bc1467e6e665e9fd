import { createServer, type Socket } from 'node:net';

import { request } from 'undici';

import { announce } from './parties/announce.ts';

/*
 * The simulated API's answers, each asked for once and then played back as bytes. The simulated API itself takes longer for a request
 * than most gateways do, so that a gateway behind it would wake up for each answer alone, and the cost of waking up would be
 * most of what is measured. `RECORD_FROM` is the origin that is recorded.
 */

const origin = process.env['RECORD_FROM'] ?? '';
const recorded = new Map<string, Promise<Buffer>>();
const CONTROLS = '/__recording';
let latencyMs = 0;
let received = 0;

async function record(path: string): Promise<Buffer> {
  const answer = await request(origin + path, { headers: { authorization: 'Bearer recording' } });
  const body = Buffer.from(await answer.body.arrayBuffer());
  const kept = ['content-type', 'ratelimit', 'ratelimit-policy', 'cf-ray'].flatMap((name) => {
    const value = answer.headers[name];
    return typeof value === 'string' ? [`${name}: ${value}`] : [];
  });
  const head = [`HTTP/1.1 ${answer.statusCode} Recorded`, ...kept, `content-length: ${body.length}`, '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n')), body]);
}

async function play(socket: Socket, path: string): Promise<void> {
  const known = recorded.get(path) ?? record(path);
  recorded.set(path, known);
  const bytes = await known;
  if (latencyMs === 0) socket.write(bytes);
  else setTimeout(() => socket.write(bytes), latencyMs);
}

/** Reads no more of a request than its first line: only such without a body come, one after the other on a connection. */
function serve(socket: Socket): void {
  let head = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    head += chunk.toString('latin1');
    if (!head.endsWith('\r\n\r\n')) return;
    const [method = '', path = ''] = head.slice(0, head.indexOf(' HTTP/')).split(' ');
    head = '';
    if (path.startsWith(CONTROLS)) return control(socket, method, path);
    received += 1;
    play(socket, path).catch(() => socket.destroy());
  });
}

/** `GET` tells the count, `DELETE` begins it anew, `PUT` of `/__recording/50` makes every answer 50 ms late. */
function control(socket: Socket, method: string, path: string): void {
  if (method === 'DELETE') received = 0;
  if (method === 'PUT') latencyMs = Number(path.slice(CONTROLS.length + 1));
  const body = JSON.stringify({ received });
  socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
}

announce(createServer(serve));
