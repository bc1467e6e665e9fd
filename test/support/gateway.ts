import { setImmediate } from 'node:timers/promises';

import { expect } from 'vitest';

import type { Clock } from '../../src/lib/clock.ts';
import { createGateway, type GatewayOptions } from '../../src/server/gateway.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import type { CachingSettings } from '../../src/data/cachingSettings.ts';
import { DEFAULT_TTL, type TtlSettings } from '../../src/data/cache/ttl.ts';
import type { Transport } from '../../src/realtimekit/transport.ts';
import type { TypedDocumentString } from '../generated/graphql.ts';
import { cleanUpAfterTest } from './cleanup.ts';
import { createFakeClock } from './fakeClock.ts';

export interface TestGatewayOptions {
  /** The initial settings of the sandbox. */
  settings?: SettingsPatch;
  /** Wraps the real transport. */
  intercept?: (send: Transport) => Transport;
  /** Changes to the default caching; `revalidateTimeoutMs` is a second by default, so that only the clock ends that wait. */
  caching?: Partial<Omit<CachingSettings, 'ttl'>> & { ttl?: Partial<TtlSettings> };
  /** Whether the gateway receives the webhooks that the sandbox signs. False by default. */
  receivesWebhooks?: boolean;
  /** Another gateway whose sandbox and clock this one uses. */
  sandboxOf?: { testbed: Awaited<ReturnType<typeof startTestbed>> };
  /** What the gateway shares with other replicas, on its clock. */
  cluster?: (clock: Clock) => NonNullable<GatewayOptions['cluster']>;
  /** Any other options of the gateway. */
  options?: Partial<GatewayOptions>;
}

/** A GraphQL error in a response. */
export interface ResponseError {
  message: string;
  path?: (string | number)[];
  extensions: Record<string, unknown>;
}

/** A response as a caller receives it. */
export interface TestResponse<Data = unknown> {
  status: number;
  headers: Headers;
  /** The raw body. */
  text: string;
  data: Data | null;
  /** Empty if the response has no errors. */
  errors: ResponseError[];
}

export interface RequestOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface LogEntry {
  level: string;
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

/** Values that must never leave the gateway. The token and the account id are short, so that no pattern recognizes them. */
export const TOKEN = 'tok-5e.cret';
export const ACCOUNT = 'acc-0a7f';
export const APP = 'app-11d2';

/** Matches the messages of log entries about operations. */
const OPERATION_MESSAGE = /^(Operation completed|Subscription ended|Request rejected)/;

/**
 * Starts a gateway over a sandbox behind a real server, both on one fake clock, and closes them after the test. Timers of less than
 * a second, such as the backoff between retries, expire at once; longer ones expire when the test advances the clock.
 */
export async function startTestGateway(options: TestGatewayOptions = {}) {
  const { settings = {}, intercept = (send) => send, caching = {} } = options;
  const testbed = options.sandboxOf?.testbed ?? (await startTestbed(settings));
  const { clock, sandbox, server } = testbed;
  const transport = createUndiciTransport();
  cleanUpAfterTest(() => transport.close());
  const logs: LogEntry[] = [];
  const operationLogs: LogEntry[] = [];
  const gateway = createGateway({
    upstream: {
      baseUrl: server.url,
      accountId: ACCOUNT,
      appId: APP,
      token: TOKEN,
      attemptTimeoutMs: 10_000,
      totalTimeoutMs: 25_000,
      requestsPerSecond: 0,
    },
    transport: intercept(transport.send),
    caching: { ...caching, ttl: { ...DEFAULT_TTL, revalidateTimeoutMs: 1000, ...caching.ttl } },
    upstreamReport: true,
    costReport: true,
    log: (level, message, fields = {}) =>
      (OPERATION_MESSAGE.test(message) ? operationLogs : logs).push({ level, message, fields }),
    graphiql: {},
    clock: withImmediateShortTimers(clock),
    random: () => 0,
    webhookKeyUrl: options.receivesWebhooks === true ? server.keyUrl : null,
    cluster: options.cluster?.(clock) ?? null,
    ...options.options,
  });

  /** Sends an HTTP request to the gateway. */
  async function fetch(path: string, init: RequestInit = {}): Promise<TestResponse> {
    const response = await gateway.fetch(new Request(`http://gateway.test${path}`, init));
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, ...readResult(text) };
  }

  /** Posts a GraphQL request with an untyped body. */
  async function send(body: unknown, { headers = {}, ...init }: RequestOptions = {}): Promise<TestResponse> {
    return fetch('/graphql', {
      ...init,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  async function execute<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    options?: RequestOptions,
  ): Promise<TestResponse<Data>> {
    const response = await send({ query: document.toString(), variables }, options);
    if (!isGraphqlResponse<Data>(response)) throw new Error(`Not a GraphQL response: ${response.text}`);
    return response;
  }

  const testGateway = {
    /** The gateway itself. */
    server: gateway,
    /** The clock and the sandbox, for gateways that share them. */
    testbed,
    sandbox,
    clock,
    logs,
    /** The log's entries about operations. All other entries are in `logs`. */
    operationLogs,
    fetch,
    send,
    execute,
    exampleIds: sandbox.exampleIds,
    /** Executes a typed operation and resolves with its data. Throws if the response has errors. */
    async query<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data> {
      const { data, errors, text } = await execute(document, variables);
      if (data === null || errors.length > 0) throw new Error(`The operation failed: ${text}`);
      return data;
    },
    /** The method and route of each upstream request since the last `clearUpstreamRequests`. */
    upstreamRequests: () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`),
    clearUpstreamRequests: () => sandbox.clearRequests(),
    /**
     * Sends a GET, or a POST with `body`, straight to the REST API. Resolves with the `data` of its envelope. `upstreamRequests`
     * contains this request too.
     */
    async rest(path: string, body?: object): Promise<unknown> {
      const url = `${server.url}/accounts/${ACCOUNT}/realtime/kit/${APP}${path}`;
      const headers = { authorization: 'Bearer another', 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const response = await globalThis.fetch(url, { headers, ...sent });
      return at(await response.json(), 'data');
    },
    /** Waits for a round trip to the sandbox that does not count as an upstream request. */
    roundTrip: async (): Promise<unknown> => (await globalThis.fetch(`${server.origin}/__sandbox`)).json(),
  };
  return testGateway;
}

/** Starts a sandbox behind a real server, on a fake clock. */
export async function startTestbed(settings: SettingsPatch) {
  const clock = createFakeClock();
  const sandbox = createSandbox({ clock, settings });
  const server = await startSandboxServer({ port: 0, sandbox });
  cleanUpAfterTest(() => server.close());
  return { clock, sandbox, server };
}

export type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;

/** Waits, one turn of the event loop at a time, until `isTrue` returns true. */
export async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setImmediate();
}

/** The value at a path in JSON, or undefined: `at(body, 'data', 0, 'id')`. */
export function at(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (found, key) => (typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined),
    value,
  );
}

/** `expect.stringMatching`, typed for use in an expected object. */
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** The elements of a JSON array. Throws if the value is not an array. */
export function asArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('Not an array');
  return value.map((row: unknown) => row);
}

/** The value; throws if it is null or undefined. */
export function nonNull<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('The value is missing');
  return value;
}

/** A clock whose timers of less than a second expire at once. */
export function withImmediateShortTimers(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    after(delayMs, callback) {
      if (delayMs >= 1000) return clock.after(delayMs, callback);
      let isCancelled = false;
      queueMicrotask(() => isCancelled || callback());
      return () => {
        isCancelled = true;
      };
    },
  };
}

function readResult(text: string): { data: unknown; errors: ResponseError[] } {
  if (!text.startsWith('{')) return { data: null, errors: [] };
  const body: unknown = JSON.parse(text);
  return { data: at(body, 'data') ?? null, errors: asArray(at(body, 'errors') ?? []).filter(isError) };
}

function isError(error: unknown): error is ResponseError {
  return typeof at(error, 'message') === 'string' && typeof at(error, 'extensions') === 'object';
}

/** Relies on graphql-js to return data of the types in the schema. */
function isGraphqlResponse<Data>(response: TestResponse): response is TestResponse<Data> {
  return response.text.startsWith('{');
}
