import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { at, asArray, type ResponseError } from '../../support/gateway.ts';
import { PROGRAMS } from '../../support/programs.ts';

/** The result of an operation, as a caller sees it. */
export interface GraphqlResult {
  data: unknown;
  errors: ResponseError[];
}

/** A replica of the real program in a process of its own. */
export interface Replica {
  /** Everything that the replica printed so far, including before a restart. */
  output(): string;
  url(path: string): string;
  send(query: string, variables?: Record<string, unknown>, init?: RequestInit): Promise<GraphqlResult>;
  /** Sends an operation and returns its data. Throws if the result has errors. */
  read(query: string, variables?: Record<string, unknown>): Promise<unknown>;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Ends the process with SIGTERM, and returns its exit code. */
  shutDown(): Promise<number | null>;
  start(): Promise<void>;
}

export async function startReplica(settings: Record<string, string>): Promise<Replica> {
  const env = { PATH: process.env['PATH'], PORT: '0', ...settings };
  let child: ChildProcess | null = null;
  let output = '';
  let origin = '';

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [PROGRAMS.gateway], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let ownOutput = '';
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString();
      ownOutput += chunk.toString();
      const address = /(http:\S+)\/graphql\n/.exec(ownOutput)?.[1];
      if (address !== undefined) resolve(address);
    };
    started.stdout.on('data', onOutput);
    started.stderr.on('data', onOutput);
    started.once('exit', () => {
      // A replica that has crashed cannot be killed: the test would wait for its exit.
      if (child === started) child = null;
      reject(new Error(`The replica exited: ${ownOutput}`));
    });
    origin = await promise;
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const running = child;
    child = null;
    if (running === null) return null;
    const exited = once(running, 'exit');
    running.kill(signal);
    await exited;
    return running.exitCode;
  }

  async function send(query: string, variables: object = {}, init: RequestInit = {}): Promise<GraphqlResult> {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
      ...init,
    });
    const body: unknown = await response.json();
    return { data: at(body, 'data') ?? null, errors: asArray(at(body, 'errors') ?? []).filter(isError) };
  }

  await start();
  return {
    output: () => output,
    url: (path) => `${origin}${path}`,
    send,
    async read(query, variables) {
      const { data, errors } = await send(query, variables);
      if (errors.length > 0) throw new Error(`The operation failed: ${JSON.stringify(errors)}`);
      return data;
    },
    kill: async () => void (await end('SIGKILL')),
    shutDown: async () => end('SIGTERM'),
    start,
  };
}

function isError(error: unknown): error is ResponseError {
  return typeof at(error, 'message') === 'string' && typeof at(error, 'extensions') === 'object';
}
