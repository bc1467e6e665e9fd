import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { cleanUpAfterTest } from './cleanup.ts';
import { PROGRAMS } from './programs.ts';

export interface Program {
  child: ChildProcess;
  /** Everything printed so far, on stdout and stderr. */
  output: () => string;
  /** Resolves with the match as soon as the output matches. */
  waitForOutput: (pattern: RegExp) => Promise<RegExpExecArray>;
  exitCode: Promise<number | null>;
}

/** The environment that the program needs besides its settings. Node compiles the program once for all tests. */
export const PROGRAM_ENVIRONMENT = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  PORT: '0',
  SANDBOX_PORT: '0',
};

/** Starts the real program as `npm start` or the container does, on free ports. */
export function startProgram(settings: Record<string, string> = {}, nodeOptions: string[] = []): Program {
  const env = { ...PROGRAM_ENVIRONMENT, ...settings };
  const child = spawn(process.execPath, [...nodeOptions, PROGRAMS.gateway], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  cleanUpAfterTest(() => child.kill('SIGKILL'));
  const exitCode = once(child, 'exit').then(() => child.exitCode);
  let text = '';
  const arrived = new EventTarget();
  const onOutput = (chunk: Buffer): void => {
    text += chunk.toString();
    arrived.dispatchEvent(new Event('text'));
  };
  child.stdout.on('data', onOutput);
  child.stderr.on('data', onOutput);
  return {
    child,
    output: () => text,
    waitForOutput: async (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = pattern.exec(text);
          if (match !== null) resolve(match);
        };
        arrived.addEventListener('text', check);
        check();
        void exitCode.then(() => reject(new Error(`The program ended without printing ${pattern}: ${text}`)));
      }),
    exitCode,
  };
}

/** Resolves with the URL that the program listens on, as soon as it does. */
export async function listeningAddress(program: Program): Promise<string> {
  const [, address = ''] = await program.waitForOutput(/(http:\S+)\/graphql\n[^]*(?:has ended|RealtimeKit at \S+)\n/);
  return address;
}

/** Posts a query to the program, and resolves with the whole JSON response. */
export async function queryProgram(address: string, query: string, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    signal: signal ?? null,
  });
  return response.json();
}

const SUBSCRIPTION = { query: 'subscription { livestreamUpdated { id } }' };

/** A subscription that has received its first event. */
export interface OpenSubscription {
  /** How the subscription ends: the text of the event stream or `broken off`; over a WebSocket, the close code. */
  ended: Promise<unknown>;
}

/** Subscribes to all livestreams over server-sent events. */
export async function subscribeOverSse(address: string): Promise<OpenSubscription> {
  const { body } = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(SUBSCRIPTION),
  });
  if (body === null) throw new Error('The response has no body.');
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const read = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    text += decoder.decode(value);
    return done;
  };
  while (!text.includes('event: next')) await read();
  const readToEnd = async (): Promise<string> => {
    while (!(await read()));
    return text;
  };
  return { ended: readToEnd().catch(() => (text.includes('complete') ? text : 'broken off')) };
}

/** Subscribes to all livestreams over a WebSocket. */
export async function subscribeOverWebSocket(address: string): Promise<OpenSubscription> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = new Promise((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code), { once: true });
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: SUBSCRIPTION }));
  await once(socket, 'message');
  return { ended: closed };
}
