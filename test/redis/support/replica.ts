import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { at, rowsOf, type SeenError } from '../../support/gateway.ts';

/** An answer as a caller sees it. */
export interface Answer {
  data: unknown;
  errors: SeenError[];
}

/** A replica of the real program, in a process of its own. */
export interface Replica {
  /** All that it has printed so far, before it was started again too. */
  printed(): string;
  url(path: string): string;
  ask(query: string, variables?: Record<string, unknown>, init?: RequestInit): Promise<Answer>;
  /** What a caller gets who reads nothing but the data; throws where there is an error. */
  read(query: string, variables?: Record<string, unknown>): Promise<unknown>;
  /** At once, as when its machine fails. */
  kill(): Promise<void>;
  /** Tells it to end, and gives its exit code. */
  end(): Promise<number | null>;
  start(): Promise<void>;
}

export async function startReplica(settings: Record<string, string>): Promise<Replica> {
  const env = { PATH: process.env['PATH'], PORT: '0', ...settings };
  let child: ChildProcess | null = null;
  let printed = '';
  let origin = '';

  async function start(): Promise<void> {
    const started = spawn(process.execPath, ['src/node.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let own = '';
    const take = (chunk: Buffer): void => {
      printed += chunk.toString();
      own += chunk.toString();
      const address = /(http:\S+)\/graphql\n/.exec(own)?.[1];
      if (address !== undefined) resolve(address);
    };
    started.stdout.on('data', take);
    started.stderr.on('data', take);
    started.once('exit', () => reject(new Error(`The replica has ended: ${own}`)));
    origin = await promise;
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const ending = child;
    child = null;
    if (ending === null) return null;
    const ended = once(ending, 'exit');
    ending.kill(signal);
    await ended;
    return ending.exitCode;
  }

  async function ask(query: string, variables: object = {}, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
      ...init,
    });
    const body: unknown = await response.json();
    return { data: at(body, 'data') ?? null, errors: rowsOf(at(body, 'errors') ?? []).filter(isError) };
  }

  await start();
  return {
    printed: () => printed,
    url: (path) => `${origin}${path}`,
    ask,
    async read(query, variables) {
      const { data, errors } = await ask(query, variables);
      if (errors.length > 0) throw new Error(`The operation failed: ${JSON.stringify(errors)}`);
      return data;
    },
    kill: async () => void (await end('SIGKILL')),
    end: async () => end('SIGTERM'),
    start,
  };
}

function isError(error: unknown): error is SeenError {
  return typeof at(error, 'message') === 'string' && typeof at(error, 'extensions') === 'object';
}
