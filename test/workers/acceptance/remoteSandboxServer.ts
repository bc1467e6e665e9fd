import { startSandboxServer as start } from '../../../src/sandbox/server.ts';
import { createSandbox } from '../../../src/sandbox/sandbox.ts';
import { allHandled, betweenArrivals } from './arrivals.ts';

/** The control API, with which tests wait for a round trip. */
const CONTROL_PATH = '/__sandbox';

/** Starts a sandbox whose API responds when the tests' requests have arrived, and its control API when all gateways are idle. */
export async function startSandboxServer(options: Parameters<typeof start>[0]): ReturnType<typeof start> {
  const { sandbox = createSandbox() } = options;
  return start({
    ...options,
    sandbox: {
      ...sandbox,
      async fetch(request) {
        if (!new URL(request.url).pathname.startsWith(CONTROL_PATH))
          return betweenArrivals(async () => sandbox.fetch(request));
        await allHandled();
        return sandbox.fetch(request);
      },
    },
  });
}
