import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from '../support/ports.ts';

const PEERS = fileURLToPath(new URL('peers/', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const HEALTH_CHECK_INTERVAL_MS = 50;

/** A router program and how to run it. */
export interface RouterKind {
  /**
   * Returns the arguments of `node` that serve a supergraph file on a port. Hive Gateway also accepts other command-line arguments in
   * place of the file.
   */
  command(supergraph: string, port: number): string[];
  /** The path that responds with 200 when the router is ready. */
  healthPath: string;
  /** The path of the GraphQL endpoint. */
  graphqlPath: string;
}

/** A router that is ready for operations. */
export interface Router extends AsyncDisposable {
  url: string;
}

/** `@apollo/gateway`. It is a library, and so `apolloGateway.ts` serves it. */
export const APOLLO_GATEWAY: RouterKind = {
  command: (supergraph, port) => ['apolloGateway.ts', supergraph, String(port)],
  healthPath: '/?query=%7B__typename%7D',
  graphqlPath: '/',
};

/** Hive Gateway, started by its own command. */
export const HIVE_GATEWAY = createHiveGatewayKind('gateway.config.ts');
export const HIVE_GATEWAY_WITH_WEBSOCKETS = createHiveGatewayKind('sockets.config.ts');
export const HIVE_GATEWAY_WITH_CACHE = createHiveGatewayKind('caching.config.ts');
export const HIVE_GATEWAY_WITH_SCOPES = createHiveGatewayKind('scopes.config.ts');

function createHiveGatewayKind(configFile: string): RouterKind {
  return {
    command: (supergraph, port) =>
      `node_modules/.bin/hive-gateway supergraph ${supergraph} -c ${configFile} -h 127.0.0.1 -p ${port}`.split(' '),
    healthPath: '/readiness',
    graphqlPath: '/graphql',
  };
}

/** Resolves when the router is ready. Rejects with the router's output if it exits instead. */
export async function startRouter(kind: RouterKind, supergraph: string): Promise<Router> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const program = startProgram(kind.command(supergraph, port));
  const failed = new AbortController();
  try {
    await Promise.race([waitUntilHealthy(origin + kind.healthPath, failed.signal), program.exitError]);
  } catch (error) {
    failed.abort();
    await program.stop();
    throw error;
  }
  return { url: origin + kind.graphqlPath, [Symbol.asyncDispose]: async () => program.stop() };
}

function startProgram(command: string[]) {
  // exitWithParent.ts watches the program's standard input, which stays open until this process exits.
  const child = spawn(process.execPath, ['--import', './exitWithParent.ts', ...command], { cwd: PEERS });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const closed = once(child, 'close');
  const exitError = closed.then(([code]): never => {
    throw new Error(`The router exited with code ${code}: ${output}`);
  });
  // Every program exits in the end. After a successful start, nobody handles this rejection.
  exitError.catch(() => {});
  return {
    /** Rejects when the program exits. */
    exitError,
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      const stopped = new AbortController();
      const killAfterTimeout = async () => wait(STOP_TIMEOUT_MS, undefined, stopped).then(() => child.kill('SIGKILL'));
      await Promise.race([closed, killAfterTimeout()]).finally(() => stopped.abort());
      await closed;
    },
  };
}

async function waitUntilHealthy(url: string, failed: AbortSignal): Promise<void> {
  // Apollo Server rejects a GET request without this header as possible CSRF.
  const headers = { 'apollo-require-preflight': 'true' };
  const signal = AbortSignal.any([failed, AbortSignal.timeout(START_TIMEOUT_MS)]);
  for (;;) {
    const response = await fetch(url, { headers, signal }).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    signal.throwIfAborted();
    await wait(HEALTH_CHECK_INTERVAL_MS, undefined, { signal });
  }
}
