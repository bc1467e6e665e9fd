import type { Server } from 'node:net';

/** Listens on a free port and prints the server's URL, as this gateway does. */
export function listenAndPrintUrl(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server has no port');
    process.stdout.write(`http://127.0.0.1:${address.port}/graphql\n`);
  });
}
