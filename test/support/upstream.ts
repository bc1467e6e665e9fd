import type { Clock } from '../../src/lib/clock.ts';
import { UpstreamError } from '../../src/domain/errors.ts';
import type { StartInput } from '../../src/domain/startStop.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { createLocalBudget } from '../../src/budget/localBudget.ts';
import { type ClientOptions, createClient, type QueryParameters } from '../../src/realtimekit/client.ts';
import { DEFAULT_CACHING } from '../../src/data/cachingSettings.ts';
import type { TtlSettings } from '../../src/data/cache/ttl.ts';
import type { Operation } from '../../src/data/operation.ts';
import type { ApiPath } from '../../src/realtimekit/path.ts';
import { OperationReport } from '../../src/data/operationReport.ts';
import type { Transport } from '../../src/realtimekit/transport.ts';
import { createDataSource } from '../../src/data/dataSource.ts';
import { cleanUpAfterTest } from './cleanup.ts';
import { createFakeClock } from './fakeClock.ts';

/** An app that the sandbox accepts. The values look like real ones. */
export const APP = {
  accountId: '023e105f4ecef8ad9ca31a8372d0c353',
  appId: '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11',
  token: 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY',
};

/** Nothing is cached: every read sends a request. */
export const NO_CACHING: TtlSettings = {
  statusMs: 0,
  metersMs: 0,
  endedMs: 0,
  negativeMs: 0,
  maxStaleMs: 0,
  revalidateTimeoutMs: 0,
};

/** An operation with an account of its own. */
export function createOperation(clock: Clock, changes: Partial<Operation> = {}): Operation {
  return {
    account: {
      id: 'account',
      token: APP.token,
      budget: createLocalBudget(clock),
      revoke: () => {},
      isRevoked: () => false,
    },
    report: new OperationReport(1000, clock),
    startedAt: { logical: 0, wallTime: clock.now() },
    priority: 'read',
    runLimited: (work) => work(),
    onLivestream: () => {},
    signal: undefined,
    ...changes,
  };
}

/** A client that sends all its requests for one operation. */
export function createOperationClient(options: ClientOptions) {
  const client = createClient(options);
  const operation = createOperation(options.clock);
  return {
    read: (path: ApiPath, query?: QueryParameters, signal?: AbortSignal) =>
      client.get({ ...operation, signal }, path, query),
    send: (path: ApiPath, body?: unknown) => client.mutate(operation, path, body),
    clockSkew: client.clockSkewMs,
  };
}

/** The mutations, sent for one operation, and a read of the meeting's active livestream. */
export function createOperationMutations(options: ClientOptions) {
  const dataSource = createDataSource({ ...DEFAULT_CACHING, ttl: NO_CACHING, ...options });
  const operation = createOperation(options.clock);
  return {
    mutations: {
      start: (input: StartInput) => dataSource.mutations.start(operation, input),
      stop: (meetingId: string) => dataSource.mutations.stop(operation, meetingId),
    },
    activeOf: (meetingId: string) => dataSource.reads.activeLivestream.get(operation, meetingId),
  };
}

/** The real transport, and the number of requests that it was given. */
export function createCountingTransport() {
  const transport = createUndiciTransport();
  cleanUpAfterTest(() => transport.close());
  let count = 0;
  const send: Transport = (request) => {
    count += 1;
    return transport.send(request);
  };
  return { send, sentCount: () => count };
}

/** Starts a sandbox over HTTP, with the real transport and all options of a client, on one fake clock. */
export async function startSandboxedClient(settings: SettingsPatch = {}) {
  const clock = createFakeClock();
  const sandbox = createSandbox({ clock, settings });
  const server = await startSandboxServer({ port: 0, sandbox });
  cleanUpAfterTest(() => server.close());
  const { send, sentCount } = createCountingTransport();
  const options = clientOptions(server.url, send, clock);
  const routes = () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`);
  /** The number of requests that the sandbox received: all, or those of one method. */
  const countRequests = (method?: string) =>
    sandbox.requests().requests.filter((request) => method === undefined || request.method === method).length;
  return {
    clock,
    sandbox,
    exampleIds: sandbox.exampleIds,
    options,
    sendings: sentCount,
    routes,
    countRequests,
    url: server.url,
  };
}

/** Client options with timeouts of 10 s and 25 s, and the shortest backoffs, 100 and 200 ms. `backoffs` lists those started so far. */
export function clientOptions(baseUrl: string, transport: Transport, base: Clock) {
  const backoffs: number[] = [];
  const clock: Clock = {
    now: () => base.now(),
    after(delayMs, callback) {
      if (delayMs < 10_000) backoffs.push(delayMs);
      return base.after(delayMs, callback);
    },
  };
  return {
    ...APP,
    baseUrl,
    attemptTimeoutMs: 10_000,
    totalTimeoutMs: 25_000,
    requestsPerSecond: 0,
    transport,
    clock,
    random: () => 0,
    backoffs,
  };
}

/** The `UpstreamError` that `work` rejects with. Throws if it resolves or rejects with anything else. */
export async function upstreamErrorOf(work: Promise<unknown>): Promise<UpstreamError> {
  const error: unknown = await work.then(
    () => new Error('The work did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof UpstreamError) return error;
  throw new Error('The work did not fail with an UpstreamError.', { cause: error });
}
