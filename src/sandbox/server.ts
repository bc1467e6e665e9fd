import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type Sandbox, createSandbox } from './sandbox.ts';

/** Where the sandbox listens. */
export interface SandboxServerOptions {
  /** 0: any free port. */
  port: number;
  /** 127.0.0.1 by default. */
  host?: string;
  sandbox?: Sandbox;
}

/** A sandbox that listens. */
export interface SandboxServer {
  /** The API's base URL, in the place of `https://api.cloudflare.com/client/v4`. */
  url: string;
  /** Where the controls are, under `/__sandbox`. */
  origin: string;
  /** Where the public key of its webhooks is, in the place of `https://api.realtime.cloudflare.com/.well-known/webhooks.json`. */
  keyUrl: string;
  sandbox: Sandbox;
  /** Stops listening, ends open connections, and sends nothing to webhooks any more. */
  close(): Promise<void>;
}

/** Serves a sandbox over HTTP; rejects with the server's error where it cannot listen. */
export async function startSandboxServer(options: SandboxServerOptions): Promise<SandboxServer> {
  const { port, host = '127.0.0.1', sandbox = createSandbox() } = options;
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, sandbox).catch(() => {
      // An answer that fails midway is a connection that breaks: this is how `reset` and `truncated` come about.
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

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, sandbox: Sandbox): Promise<void> {
  const left = new AbortController();
  outgoing.once('close', () => left.abort());
  const response = await sandbox.fetch(await toRequest(incoming, left.signal));
  outgoing.sendDate = false; // The sandbox has a clock of its own.
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders(); // A body that comes slowly does not hold them back.
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
  // The path is put behind a fixed origin, so that `//host/..` stays a path.
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
