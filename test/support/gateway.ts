import { setImmediate } from 'node:timers/promises';

import { afterEach, expect } from 'vitest';

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
import { createFakeClock } from './fakeClock.ts';

export interface TestGatewayOptions {
  /** The sandbox's settings at its start. */
  settings?: SettingsPatch;
  /** Stands between the gateway and the real transport. */
  intercept?: (send: Transport) => Transport;
  /** How its answers are kept and its requests spent; `staleWait` is a second, so that only moving the clock ends it. */
  caching?: Partial<Omit<CachingSettings, 'ttl'>> & { ttl?: Partial<TtlSettings> };
  /** Whether it trusts the webhooks that the sandbox signs; by default it receives none. */
  receivesWebhooks?: boolean;
  /** Another one, whose sandbox and clock it shares. */
  sandboxOf?: { place: Awaited<ReturnType<typeof startTestbed>> };
  /** What it shares with others, on its clock. */
  cluster?: (clock: Clock) => NonNullable<GatewayOptions['cluster']>;
  /** Whatever else a gateway can be given. */
  options?: Partial<GatewayOptions>;
}

/** An error as a caller sees it. */
export interface ResponseError {
  message: string;
  path?: (string | number)[];
  extensions: Record<string, unknown>;
}

/** A whole answer as a caller sees it. */
export interface TestResponse<Data = unknown> {
  status: number;
  headers: Headers;
  /** The body as it came. */
  text: string;
  data: Data | null;
  /** Empty where the answer has none. */
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

/** What the gateway is given: each must never show itself. The token and the account's id are short, so that only knowledge of them helps. */
export const TOKEN = 'tok-5e.cret';
export const ACCOUNT = 'acc-0a7f';
export const APP = 'app-11d2';

/** Matches the messages of log entries about operations. */
const OPERATION_MESSAGE = /^(Operation completed|Subscription ended|Request rejected)/;

const running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.close()));
});

/**
 * A gateway over a sandbox behind a real server, both on one fake clock; closed after the test. A wait of less than a second, as
 * between two repetitions of a read, is over at once; deadlines wait for the clock to be moved.
 */
export async function startTestGateway(options: TestGatewayOptions = {}) {
  const { settings = {}, intercept = (send) => send, caching = {} } = options;
  const place = options.sandboxOf?.place ?? (await startTestbed(settings));
  const { clock, sandbox, server } = place;
  const transport = createUndiciTransport();
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
    log: (level, message, fields = {}) =>
      (OPERATION_MESSAGE.test(message) ? operationLogs : logs).push({ level, message, fields }),
    graphiql: {},
    clock: withoutShortWaits(clock),
    random: () => 0,
    webhookKeyUrl: options.receivesWebhooks === true ? server.keyUrl : null,
    cluster: options.cluster?.(clock) ?? null,
    ...options.options,
  });

  /** Sends any request to the gateway. */
  async function fetch(path: string, init: RequestInit = {}): Promise<TestResponse> {
    const response = await gateway.fetch(new Request(`http://gateway.test${path}`, init));
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, ...readResult(text) };
  }

  /** Sends an operation that is not known by its type. */
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
    const answer = await send({ query: document.toString(), variables }, options);
    if (!isOf<Data>(answer)) throw new Error(`Not a GraphQL answer: ${answer.text}`);
    return answer;
  }

  const testGateway = {
    /** What `createGateway` gave. */
    server: gateway,
    /** What gateways beside it share. */
    place,
    sandbox,
    clock,
    logs,
    /** The log's entries about operations. All other entries are in `logs`. */
    operationLogs,
    fetch,
    send,
    execute,
    exampleIds: sandbox.exampleIds,
    /** The data of `execute`; throws where the answer has an error. */
    async query<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data> {
      const { data, errors, text } = await execute(document, variables);
      if (data === null || errors.length > 0) throw new Error(`The operation failed: ${text}`);
      return data;
    },
    /** The upstream requests since the last `forget`, each as its method and route. */
    upstream: () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`),
    forget: () => sandbox.clearRequests(),
    /**
     * What the REST API itself says to a GET, or to a POST of `body`: the content of its envelope. It stands in `upstream()` until the
     * next `forget`.
     */
    async rest(path: string, body?: object): Promise<unknown> {
      const url = `${server.url}/accounts/${ACCOUNT}/realtime/kit/${APP}${path}`;
      const headers = { authorization: 'Bearer another', 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const response = await globalThis.fetch(url, { headers, ...sent });
      return at(await response.json(), 'data');
    },
    /** A whole round trip to the sandbox that is no request to its API. */
    control: async (): Promise<unknown> => (await globalThis.fetch(`${server.origin}/__sandbox`)).json(),
    async close(): Promise<void> {
      await Promise.all([transport.close(), ...(options.sandboxOf === undefined ? [server.close()] : [])]);
    },
  };
  running.push(testGateway);
  return testGateway;
}

/** A sandbox behind a real server, on a fake clock. */
async function startTestbed(settings: SettingsPatch) {
  const clock = createFakeClock();
  const sandbox = createSandbox({ clock, settings });
  return { clock, sandbox, server: await startSandboxServer({ port: 0, sandbox }) };
}

export type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;

/** Resolves as soon as `isTrue` says so. */
export async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setImmediate();
}

/** Digs into JSON: `at(body, 'data', 0, 'id')`. */
export function at(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (found, key) => (typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined),
    value,
  );
}

/** A matcher, typed so that it may stand in an expected object. */
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** The rows of a list in JSON. */
export function asArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('Not a list');
  return value.map((row: unknown) => row);
}

/** What is certainly there. */
export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('It is not there');
  return value;
}

function withoutShortWaits(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    after(milliseconds, callback) {
      if (milliseconds >= 1000) return clock.after(milliseconds, callback);
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

/** The schema's own types are what this relies on: graphql-js keeps to them. */
function isOf<Data>(answer: TestResponse): answer is TestResponse<Data> {
  return answer.text.startsWith('{');
}
