import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** A caller's body that is longer is refused: 1 MB. */
export const MOST_BODY_BYTES = 1_000_000;

/** What an entry that reads bodies itself tells of one. */
export type BodyState = 'read' | 'too-large';

/** What the server that takes a request in hands on with it. */
export interface ServerContext {
  body?: BodyState;
}

/** Refuses bodies that are too long, with 413. Where no entry has read the body already, it is read here, within the bounds. */
export function useBodyLimit(): Plugin<object, ServerContext> {
  return {
    onRequestParse({ serverContext: { body }, requestParser, setRequestParser, fetchAPI }) {
      if (body === 'too-large') throw tooLarge();
      if (body === 'read' || requestParser === undefined) return;
      setRequestParser(async (request) => {
        if (request.body === null) return requestParser(request);
        const { url, method, headers, signal } = request;
        const text = await readText(request.body);
        return requestParser(new fetchAPI.Request(url, { method, headers, signal, body: text }));
      });
    },
  };
}

async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let length = 0;
  let text = '';
  // What is too long is not kept, but read to its end: callers look for an answer only then.
  for await (const chunk of stream) {
    length += chunk.byteLength;
    text = length > MOST_BODY_BYTES ? '' : text + decoder.decode(chunk, { stream: true });
  }
  if (length > MOST_BODY_BYTES) throw tooLarge();
  return text + decoder.decode();
}

function tooLarge(): GraphQLError {
  const words = `The request's body is longer than ${MOST_BODY_BYTES / 1_000_000} MB. Send large values as fewer or shorter ones.`;
  return new GraphQLError(words, { extensions: { code: 'BAD_REQUEST', http: { status: 413 } } });
}
