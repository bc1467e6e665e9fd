import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

import { cleanUpAfterTest } from './cleanup.ts';

/** Listens on a free port until the test ends. Returns the origin. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUpAfterTest(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on no port.');
  return `http://127.0.0.1:${address.port}`;
}
