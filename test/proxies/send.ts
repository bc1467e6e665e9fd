import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect, constants } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { constants as zlibConstants, createGunzip } from 'node:zlib';

import { onTestFinished } from 'vitest';

import { certificate } from '../support/origins.ts';

export type Protocol = 'HTTP/1.1' | 'HTTP/2';

export interface OutgoingRequest {
  method: 'GET' | 'HEAD' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body's text so far. */
  text: () => string;
  whenEnded: Promise<unknown>;
  /** Closes the connection. */
  close: () => void;
}

/** Sends a request to `origin` over a connection of its own, which ends with the test, and accepts compressed responses. */
export async function send(protocol: Protocol, origin: string, request: OutgoingRequest): Promise<Reply> {
  const headers = { ...request.headers, 'accept-encoding': 'gzip' };
  return (protocol === 'HTTP/2' ? sendHttp2 : sendHttp1)(origin, { ...request, headers });
}

async function sendHttp1(origin: string, { method, path, headers, body }: OutgoingRequest): Promise<Reply> {
  const start = origin.startsWith('https:') ? httpsRequest : httpRequest;
  const request = start(`${origin}${path}`, { method, headers, ca: certificate, agent: false });
  const close = (): void => void request.destroy();
  onTestFinished(close);
  request.end(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    ...readText(response, response.headers),
    close,
  };
}

async function sendHttp2(origin: string, { method, path, headers, body }: OutgoingRequest): Promise<Reply> {
  const session = connect(origin, { ca: certificate });
  const close = (): void => session.destroy();
  onTestFinished(close);
  const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants;
  const stream = session.request({ ...headers, [HTTP2_HEADER_METHOD]: method, [HTTP2_HEADER_PATH]: path });
  stream.end(body);
  const received = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
    stream.once('response', resolve).once('error', reject);
  });
  return {
    status: Number(received[constants.HTTP2_HEADER_STATUS]),
    headers: received,
    ...readText(stream, received),
    close,
  };
}

function readText(body: Readable, headers: IncomingHttpHeaders): Pick<Reply, 'text' | 'whenEnded'> {
  const isCompressed = headers['content-encoding'] === 'gzip';
  const content = isCompressed ? body.pipe(createGunzip({ finishFlush: zlibConstants.Z_SYNC_FLUSH })) : body;
  let text = '';
  content.setEncoding('utf8');
  content.on('data', (part: string) => {
    text += part;
  });
  const whenEnded = once(content, 'end');
  // The test closes the connection of a stream that does not end.
  body.on('error', () => {});
  whenEnded.catch(() => {});
  return { text: () => text, whenEnded };
}
