import { afterEach } from 'vitest';
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
import { createOperationReport } from '../../src/data/operationReport.ts';
import type { Transport } from '../../src/realtimekit/transport.ts';
import { createDataSource } from '../../src/data/dataSource.ts';
import { createFakeClock } from './fakeClock.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});

/** Ends something after the test. */
export function after(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

/** An app that the sandbox accepts; each value looks like the real ones. */
export const APP = {
  accountId: '023e105f4ecef8ad9ca31a8372d0c353',
  appId: '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11',
  token: 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY',
};

/** Nothing is kept: whatever is asked for is asked upstream. */
export const NOTHING_KEPT: TtlSettings = {
  statusMs: 0,
  metersMs: 0,
  endedMs: 0,
  negativeMs: 0,
  maxStaleMs: 0,
  revalidateTimeoutMs: 0,
};

/** An operation by itself, on an account of its own. */
export function createOperation(clock: Clock, changes: Partial<Operation> = {}): Operation {
  return {
    account: {
      id: 'account',
      token: APP.token,
      budget: createLocalBudget(clock),
      revoke: () => {},
      isRevoked: () => false,
    },
    report: createOperationReport(1000, clock),
    startedAt: { logical: 0, wallTime: clock.now() },
    priority: 'read',
    runLimited: (work) => work(),
    onLivestream: () => {},
    signal: undefined,
    ...changes,
  };
}

/** A client whose requests are all one operation's. */
export function clientOf(options: ClientOptions) {
  const client = createClient(options);
  const operation = createOperation(options.clock);
  return {
    read: (path: ApiPath, query?: QueryParameters, signal?: AbortSignal) =>
      client.get({ ...operation, signal }, path, query),
    send: (path: ApiPath, body?: unknown) => client.mutate(operation, path, body),
    clockSkew: client.clockSkewMs,
  };
}

/** Starting and stopping as one operation's work, and what upstream says of a meeting after it. */
export function mutationsOf(options: ClientOptions) {
  const upstream = createDataSource({ ...DEFAULT_CACHING, ttl: NOTHING_KEPT, ...options });
  const operation = createOperation(options.clock);
  return {
    mutations: {
      start: (input: StartInput) => upstream.mutations.start(operation, input),
      stop: (meetingId: string) => upstream.mutations.stop(operation, meetingId),
    },
    activeOf: (meetingId: string) => upstream.reads.activeLivestream.get(operation, meetingId),
  };
}

/** What the real transport costs: how many requests it was given, and how many ended without a connection. */
export function countingTransport() {
  const transport = createUndiciTransport();
  after(() => transport.close());
  let sendings = 0;
  const send: Transport = (request) => {
    sendings += 1;
    return transport.send(request);
  };
  return { send, sendings: () => sendings };
}

/** A sandbox over HTTP, the real transport to it and what a client needs besides; one fake clock for all of it. */
export async function sandboxed(settings: SettingsPatch = {}) {
  const clock = createFakeClock();
  const sandbox = createSandbox({ clock, settings });
  const server = await startSandboxServer({ port: 0, sandbox });
  after(() => server.close());
  const { send, sendings } = countingTransport();
  const options = clientOptions(server.url, send, clock);
  const routes = () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`);
  /** How many requests the sandbox saw, of one method or in all. */
  const seen = (method?: string) =>
    sandbox.requests().requests.filter((request) => method === undefined || request.method === method).length;
  return { clock, sandbox, exampleIds: sandbox.exampleIds, options, sendings, routes, seen, url: server.url };
}

/** Deadlines of 10 s and 25 s; the shortest backoffs: 100 and 200 ms. `backoffs` are those that have begun. */
export function clientOptions(baseUrl: string, transport: Transport, base: Clock) {
  const backoffs: number[] = [];
  const clock: Clock = {
    now: () => base.now(),
    after(milliseconds, callback) {
      if (milliseconds < 10_000) backoffs.push(milliseconds);
      return base.after(milliseconds, callback);
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

/** The error that `work` fails with; throws when it does not fail with an `UpstreamError`. */
export async function failureOf(work: Promise<unknown>): Promise<UpstreamError> {
  const error: unknown = await work.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof UpstreamError) return error;
  throw new Error('It did not fail with an UpstreamError.', { cause: error });
}
