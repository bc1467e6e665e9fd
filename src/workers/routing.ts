import { bearerOf } from '../auth/bearer.ts';
import { systemClock } from '../lib/clock.ts';
import { sha256Base64 } from '../lib/sha256.ts';
import { createConsoleLog } from '../telemetry/consoleLog.ts';
import { IncompleteBodyError } from './cacheableRequest.ts';
import { createIsolateCache, type HandleRequest } from './isolateCache.ts';
import { type Bindings, readIsolateCacheMs } from './settings.ts';

/** The object of the gateway's own credential. */
export const OWN_OBJECT = 'gateway';

const log = createConsoleLog('error');

/**
 * Creates the Worker of one isolate: a small cache in front of the objects. Nothing is sent twice: whether a mutation was carried out is
 * not known if the object, for example, has moved to another machine meanwhile.
 */
export function createWorker(): (request: Request, bindings: Bindings) => Promise<Response> {
  let cache: HandleRequest | undefined;
  return async (request, bindings) => {
    // The bindings of an isolate do not change.
    cache ??= createIsolateCache({
      forward: async (forwarded, name) => bindings.GATEWAY.getByName(name).fetch(forwarded),
      clock: systemClock,
      maxAgeMs: readIsolateCacheMs(bindings),
    });
    try {
      return withoutCompression(await cache(request, await objectNameFor(request, bindings)));
    } catch (error) {
      if (error instanceof IncompleteBodyError) return new Response(`${error.message}\n`, { status: 400 });
      // The platform's errors contain nothing of the request.
      log('error', 'The Durable Object did not answer.', { error: String(error) });
      return interrupted(request.method !== 'POST');
    }
  };
}

/**
 * Returns the name of the object that answers a request: there is one for each RealtimeKit credential, which the gateway has itself, or
 * each caller sends (`AUTH=passthrough`). Requests without one, and WebSockets, whose credential arrives later, end in the first, which
 * passes the operations of WebSockets on.
 */
export async function objectNameFor(request: Request, bindings: Bindings): Promise<string> {
  const token = bindings['AUTH'] === 'passthrough' ? tokenOf(request) : null;
  return token === null ? OWN_OBJECT : `token ${await sha256Base64(token)}`;
}

/**
 * Cloudflare compresses `multipart/mixed`, and `wrangler dev` does so in spite of `no-transform`: subscribers would get no event until
 * the subscription ends (https://github.com/cloudflare/workers-sdk/issues/8004). A response that has an encoding is passed on as it is.
 */
function withoutCompression(response: Response): Response {
  if (response.headers.get('content-type')?.startsWith('multipart/mixed'))
    response.headers.set('content-encoding', 'identity');
  return response;
}

/** Whether a request is a GET that upgrades to a WebSocket. */
export function isWebSocketUpgrade({ method, headers }: Request): boolean {
  return method === 'GET' && headers.get('upgrade')?.toLowerCase() === 'websocket';
}

function tokenOf(request: Request): string | null {
  try {
    return isWebSocketUpgrade(request) ? null : bearerOf(request);
  } catch {
    // The object rejects the request with the reason.
    return null;
  }
}

/** Mutations are always sent by POST. */
function interrupted(isQuery: boolean): Response {
  const advice = isQuery
    ? 'Send it again.'
    : 'If it was a mutation, it may have been carried out: check the meeting’s activeLivestream. Starting the same livestream again is safe, and returns the one that was started.';
  const message = `The gateway was restarted, or is overloaded, and did not complete the request. ${advice}`;
  const extensions = { code: 'INTERNAL_SERVER_ERROR', retryable: isQuery };
  return Response.json({ errors: [{ message, extensions }] }, { status: 503, headers: { 'retry-after': '1' } });
}
