import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import { type Sandbox, createSandbox } from './sandbox.ts';

/** Options of the sandbox's HTTP server. */
interface SandboxServerOptions {
  /** 0 for any free port. */
  port: number;
  /** Default 127.0.0.1. */
  host?: string;
  sandbox?: Sandbox;
}

/** Longer than clients leave a connection unused. Those without Node's hint, such as workerd, would lose requests to closing connections. */
const KEEP_ALIVE_TIMEOUT_MS = 120_000;

/** A running HTTP server of a sandbox. */
export type SandboxServer = Awaited<ReturnType<typeof startSandboxServer>>;

/** Serves a sandbox over HTTP; rejects with the server's error if it cannot listen. */
export async function startSandboxServer(options: SandboxServerOptions) {
  const { port, host = '127.0.0.1', sandbox = createSandbox() } = options;
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing, sandbox).catch(() => {
      // The faults `reset` and `truncated` reject, or fail the response body, to close the connection.
      outgoing.destroy();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  await once(server.listen(port, host), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The sandbox does not listen on a port');
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  return {
    /** The API's base URL, instead of `https://api.cloudflare.com/client/v4`. */
    url: `${origin}/client/v4`,
    /** The URL of the webhooks' public key, instead of `https://api.realtime.cloudflare.com/.well-known/webhooks.json`. */
    keyUrl: `${origin}/.well-known/webhooks.json`,
    /** The server's origin, which has the control API at `/__sandbox`. */
    origin,
    sandbox,
    /** Stops the server, ends open connections, and closes the sandbox. */
    async close(): Promise<void> {
      sandbox.close();
      const closed = promisify(server.close.bind(server))();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(incoming: IncomingMessage, outgoing: ServerResponse, sandbox: Sandbox): Promise<void> {
  const disconnected = new AbortController();
  outgoing.once('close', () => disconnected.abort());
  const response = await sandbox.fetch(await toRequest(incoming, disconnected.signal));
  outgoing.sendDate = false; // The sandbox sends the time of its own clock.
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders(); // A slow body must not delay the headers.
  if (response.body === null) outgoing.end();
  else await pipeline(response.body, outgoing);
}

async function toRequest(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const { method = 'GET', url = '/', headersDistinct } = incoming;
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const body = method === 'GET' || method === 'HEAD' ? null : await buffer(incoming);
  // Appends the path to a fixed origin, so that `//host/..` stays a path.
  return new Request(`http://sandbox${url}`, { method, headers, body, signal });
}
