import { bearerOf } from '../auth/bearer.ts';
import { sha256Base64 } from '../lib/sha256.ts';
import { createConsoleLog } from '../telemetry/consoleLog.ts';
import type { ObjectStub } from './platform.ts';
import type { Bindings } from './settings.ts';

const log = createConsoleLog('error');

/** The object of the gateway's own credential. */
const OWN = 'gateway';

/**
 * Returns the object that answers a request: one per RealtimeKit credential, which the gateway has itself, or each caller sends
 * (`AUTH=passthrough`). WebSockets, whose credential arrives later, and requests without one end in the first; it passes their
 * operations on.
 */
export async function objectFor(request: Request, { GATEWAY, AUTH }: Bindings): Promise<ObjectStub> {
  const token = AUTH === 'passthrough' ? tokenOf(request) : null;
  return GATEWAY.getByName(token === null ? OWN : `token ${await sha256Base64(token)}`);
}

/** The name does not contain the token itself. */
function tokenOf(request: Request): string | null {
  try {
    return bearerOf(request);
  } catch {
    // The object rejects the request with the reason.
    return null;
  }
}

/**
 * Passes a request on to its object. Nothing is sent twice: whether a mutation was carried out is not known if the object, for example,
 * has moved to another machine meanwhile.
 */
export async function forwardToObject(request: Request, bindings: Bindings): Promise<Response> {
  try {
    const object = await objectFor(request, bindings);
    return await object.fetch(request);
  } catch (error) {
    // The platform's errors contain nothing of the request.
    log('error', 'The Durable Object did not answer.', { error: String(error) });
    return Response.json({ errors: [INTERRUPTED] }, { status: 503, headers: { 'retry-after': '1' } });
  }
}

const INTERRUPTED = {
  message:
    'The gateway was restarted while it handled the request. A mutation may have been carried out: check the meeting’s activeLivestream. Starting a livestream again is safe, and returns the one that was started.',
  extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false },
};
