import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Gateway } from './gateway.ts';
import { type BodyState, MOST_BODY_BYTES } from './plugins/useBodyLimit.ts';

/**
 * Takes requests from `node:http`. It reads a JSON body itself, whole and within bounds, since a stream through the layers above
 * costs more than all the rest of a small query; any other body is left to the gateway.
 */
export function createListener(gateway: Gateway): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (request.method !== 'POST' || !isJson(request)) {
      void gateway(request, response);
      return;
    }
    readBody(request, ({ json, state }) => {
      void gateway(Object.assign(request, { body: json }), response, { body: state });
    });
  };
}

function isJson({ headers }: IncomingMessage): boolean {
  return /^application\/(graphql\+)?json *(;|$)/.test(headers['content-type'] ?? '');
}

interface Body {
  /** As the adapter takes it: a value with members, or a text. */
  json: object | string;
  state: BodyState;
}

/** `done` is not called when the caller leaves before the request is complete: nobody waits for an answer then. */
function readBody(request: IncomingMessage, done: (body: Body) => void): void {
  let chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    // What is too long is not kept, but read to its end: callers look for an answer only then.
    if (length <= MOST_BODY_BYTES) chunks.push(chunk);
    else chunks = [];
  });
  request.once('end', () => {
    done(length > MOST_BODY_BYTES ? { json: UNREADABLE, state: 'too-large' } : { json: parse(chunks), state: 'read' });
  });
  request.once('error', () => {});
}

/** What is refused as no JSON. The adapter looks at each character of a text, so that no long one may reach it. */
const UNREADABLE = ' ';

function parse(chunks: Buffer[]): object | string {
  const [first, ...others] = chunks;
  if (first === undefined) return UNREADABLE;
  const text = (others.length === 0 ? first : Buffer.concat(chunks)).toString();
  try {
    const value: unknown = JSON.parse(text);
    const hasMembers = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    return hasMembers ? value : text.slice(0, 100);
  } catch {
    return UNREADABLE;
  }
}
