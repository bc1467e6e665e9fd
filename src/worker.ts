import { createSandbox } from './sandbox/sandbox.ts';
import { ObjectGateway } from './workers/objectGateway.ts';
import type { ObjectState } from './workers/platform.ts';
import { createWorker } from './workers/routing.ts';
import type { Bindings } from './workers/settings.ts';
import type { ObjectSandbox } from './workers/startGateway.ts';

/*
 * The program on Cloudflare Workers. The gateway runs in a Durable Object, and the Worker passes requests on to it.
 */

/** The class that wrangler.jsonc names. */
export class GatewayObject extends ObjectGateway {
  constructor(state: ObjectState, bindings: Bindings) {
    super(state, bindings, openSandbox);
  }
}

export default { fetch: createWorker() };

/** Requests to this host do not leave the object. */
const SANDBOX_ORIGIN = 'http://sandbox.invalid';

function openSandbox(): ObjectSandbox {
  const sandbox = createSandbox();
  return {
    url: `${SANDBOX_ORIGIN}/client/v4`,
    keyUrl: `${SANDBOX_ORIGIN}/.well-known/webhooks.json`,
    sandbox,
    fetch: async (request) => sandbox.fetch(request),
  };
}
