import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach } from 'vitest';

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

export interface Program {
  child: ChildProcess;
  /** All that was printed so far. */
  printed: () => string;
  /** Resolves with what was printed once that matches. */
  until: (pattern: RegExp) => Promise<RegExpExecArray>;
  exitCode: Promise<number | null>;
}

/** The environment that the program needs besides its settings. Node compiles the program once for all tests. */
export const PROGRAM_ENVIRONMENT = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  PORT: '0',
  SANDBOX_PORT: '0',
};

/** Starts the real program as `npm start` does, on free ports. */
export function start(settings: Record<string, string> = {}): Program {
  const env = { ...PROGRAM_ENVIRONMENT, ...settings };
  const child = spawn(process.execPath, ['src/node.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const exitCode = once(child, 'exit').then(() => child.exitCode);
  let text = '';
  const arrived = new EventTarget();
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    arrived.dispatchEvent(new Event('text'));
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return {
    child,
    printed: () => text,
    until: async (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (match !== null) resolve(match);
        };
        arrived.addEventListener('text', look);
        look();
        void exitCode.then(() => reject(new Error(`It ended without printing ${pattern}: ${text}`)));
      }),
    exitCode,
  };
}

/** Where it listens, once it does. */
export async function addressOf(program: Program): Promise<string> {
  const [, address = ''] = await program.until(/(http:\S+)\/graphql\n[^]*(?:has ended|RealtimeKit at \S+)\n/);
  return address;
}

/** Asks over HTTP, and gives the whole answer. */
export async function ask(address: string, query: string, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    signal: signal ?? null,
  });
  return response.json();
}

const WATCH = { query: 'subscription { livestreamUpdated { id } }' };

/** Somebody who watches, and has seen something. */
export interface Watching {
  /** What it ends with. */
  ended: Promise<unknown>;
}

/** Watches all livestreams by an event stream. */
export async function watchOverStream(address: string): Promise<Watching> {
  const { body } = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(WATCH),
  });
  if (body === null) throw new Error('No answer');
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const read = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    text += decoder.decode(value);
    return done;
  };
  while (!text.includes('event: next')) await read();
  const toEnd = async (): Promise<string> => {
    while (!(await read()));
    return text;
  };
  return { ended: toEnd().catch(() => (text.includes('complete') ? text : 'broken off')) };
}

/** Watches all livestreams over a WebSocket. */
export async function watchOverWebSocket(address: string): Promise<Watching> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = new Promise((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code), { once: true });
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: WATCH }));
  await once(socket, 'message');
  return { ended: closed };
}
