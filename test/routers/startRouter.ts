import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';

import { freePort } from './listen.ts';

const PEERS = fileURLToPath(new URL('peers/', import.meta.url));
/** How long a router may take until it serves, and to end once it is told to, in milliseconds. */
const STARTS_WITHIN = 60_000;
const ENDS_WITHIN = 10_000;

/** A router that anybody may install, as a program of its own. */
export interface RouterKind {
  /** The command that serves the supergraph in a file; of Hive Gateway's, other arguments may stand in the file's place. */
  command(supergraph: string, port: number): string[];
  /** Answers 200 once the router serves. */
  health: string;
  /** Where it takes operations. */
  path: string;
}

/** A router that serves. */
export interface Router extends AsyncDisposable {
  url: string;
}

/** `@apollo/gateway`, which is a library: a program of ours serves it. */
export const APOLLO_GATEWAY: RouterKind = {
  command: (supergraph, port) => ['apollo.ts', supergraph, String(port)],
  health: '/?query=%7B__typename%7D',
  path: '/',
};

/** Hive Gateway, by the command that an operator runs. */
export const HIVE_GATEWAY = hiveGateway('gateway.config.ts');
export const HIVE_GATEWAY_WITH_SOCKETS = hiveGateway('sockets.config.ts');
export const HIVE_GATEWAY_WITH_SCOPES = hiveGateway('scopes.config.ts');

function hiveGateway(config: string): RouterKind {
  return {
    command: (supergraph, port) =>
      `node_modules/.bin/hive-gateway supergraph ${supergraph} -c ${config} -h 127.0.0.1 -p ${port}`.split(' '),
    health: '/readiness',
    path: '/graphql',
  };
}

/** Resolves once the router serves; rejects with what it printed if it ends instead. */
export async function startRouter(kind: RouterKind, supergraph: string): Promise<Router> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const program = startProgram(kind.command(supergraph, port));
  const ended = new AbortController();
  try {
    await Promise.race([serving(origin + kind.health, ended.signal), program.failure]);
  } catch (error) {
    ended.abort();
    await program.end();
    throw error;
  }
  return { url: origin + kind.path, [Symbol.asyncDispose]: async () => program.end() };
}

function startProgram(command: string[]) {
  // Its input stays open for as long as these tests run: see there.
  const child = spawn(process.execPath, ['--import', './endWithParent.ts', ...command], { cwd: PEERS });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  const closed = once(child, 'close');
  const failure = closed.then(([code]): never => {
    throw new Error(`The router ended with code ${code}: ${printed}`);
  });
  // It ends some day, and then nobody listens any more.
  failure.catch(() => {});
  return {
    failure,
    async end(): Promise<void> {
      child.kill('SIGTERM');
      const tooLate = new AbortController();
      const kill = async () => setTimeout(ENDS_WITHIN, undefined, tooLate).then(() => child.kill('SIGKILL'));
      await Promise.race([closed, kill()]).finally(() => tooLate.abort());
      await closed;
    },
  };
}

/** Asks for the health until it is good. */
async function serving(url: string, ended: AbortSignal): Promise<void> {
  const headers = { 'apollo-require-preflight': 'true' };
  const signal = AbortSignal.any([ended, AbortSignal.timeout(STARTS_WITHIN)]);
  for (;;) {
    const response = await fetch(url, { headers, signal }).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    signal.throwIfAborted();
    await setTimeout(50, undefined, { signal });
  }
}
