import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type Sandbox, createSandbox } from './sandbox.ts';

/** Options of the sandbox's HTTP server. */
export interface SandboxServerOptions {
  /** 0 for any free port. */
  port: number;
  /** Default 127.0.0.1. */
  host?: string;
  sandbox?: Sandbox;
}

/** A running HTTP server of a sandbox. */
export interface SandboxServer {
  /** The API's base URL, instead of `https://api.cloudflare.com/client/v4`. */
  url: string;
  /** The server's origin, which has the control API at `/__sandbox`. */
  origin: string;
  /** The URL of the webhooks' public key, instead of `https://api.realtime.cloudflare.com/.well-known/webhooks.json`. */
  keyUrl: string;
  sandbox: Sandbox;
  /** Stops the server, ends open connections, and closes the sandbox. */
  close(): Promise<void>;
}

/** Serves a sandbox over HTTP; rejects with the server's error if it cannot listen. */
export async function startSandboxServer(options: SandboxServerOptions): Promise<SandboxServer> {
  const { port, host = '127.0.0.1', sandbox = createSandbox() } = options;
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing, sandbox).catch(() => {
      // The faults `reset` and `truncated` reject, or fail the response body, to close the connection.
      outgoing.destroy();
    });
  });
  await listen(server, port, host);
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`;
  return {
    url: `${origin}/client/v4`,
    keyUrl: `${origin}/.well-known/webhooks.json`,
    origin,
    sandbox,
    close: () => close(server, sandbox),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The sandbox does not listen on a port');
  return address.port;
}

function close(server: Server, sandbox: Sandbox): Promise<void> {
  sandbox.close();
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}

async function handle(incoming: IncomingMessage, outgoing: ServerResponse, sandbox: Sandbox): Promise<void> {
  const disconnected = new AbortController();
  outgoing.once('close', () => disconnected.abort());
  const response = await sandbox.fetch(await toRequest(incoming, disconnected.signal));
  outgoing.sendDate = false; // The sandbox sends the time of its own clock.
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders(); // A slow body must not delay the headers.
  if (response.body !== null) await send(response.body, outgoing);
  outgoing.end();
}

async function toRequest(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const { method = 'GET', url = '/' } = incoming;
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? Buffer.concat(chunks) : null;
  // Appends the path to a fixed origin, so that `//host/..` stays a path.
  return new Request(`http://sandbox${url}`, { method, headers, body, signal });
}

async function send(body: ReadableStream<unknown>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  outgoing.once('close', () => void reader.cancel().catch(() => {}));
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { value } = next;
    if (value instanceof Uint8Array) await new Promise((resolve) => outgoing.write(value, resolve));
  }
}
