import { vi } from 'vitest';

import { startTestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { serveGateway } from '../../support/servedGateway.ts';
import type { Credentials } from './auth.ts';
import { createClient } from './client.ts';
import { Livestreams } from './operations.ts';

/** Starts a gateway, and a client as the documentation sets it up. Graphcache's warnings of what it cannot cache are errors. */
export async function startClient(options: TestGatewayOptions = {}, credentials: Partial<Credentials> = {}) {
  vi.spyOn(console, 'warn').mockImplementation((warning) => {
    throw new Error(String(warning));
  });
  const gateway = await startTestGateway(options);
  const served = await serveGateway(gateway);
  /** What the user has been shown. */
  const shown: string[] = [];
  const client = createClient({
    url: served.url,
    credentials: { token: () => 'token', refresh: async () => {}, ...credentials },
    show: (message) => shown.push(message),
  });
  return {
    gateway,
    served,
    client,
    shown,
    /** Loads one livestream. */
    loadList: async () => client.query(Livestreams, { first: 1 }),
  };
}
