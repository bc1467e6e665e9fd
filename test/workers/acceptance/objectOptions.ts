import type { Clock } from '../../../src/lib/clock.ts';
import type { Log, LogLevel } from '../../../src/lib/log.ts';
import { createFetchTransport } from '../../../src/realtimekit/fetchTransport.ts';
import { type Transport, TransportError, type TransportResponse } from '../../../src/realtimekit/transport.ts';
import type { GatewayOptions } from '../../../src/server/gatewayOptions.ts';
import type { Metrics } from '../../../src/telemetry/metrics.ts';
import { createObjectStorage } from '../../../src/workers/objectStorage.ts';
import type { SqlStorage } from '../../../src/workers/platform.ts';
import {
  createCalls,
  type Current,
  type Field,
  type MetricName,
  type Outcome,
  type ToGateway,
  type ToTest,
} from './protocol.ts';

type Send = (message: ToTest) => void;
type Calls = ReturnType<typeof createCalls>;
type Creation = Extract<ToGateway, { type: 'create' }>;

/** The options of a gateway whose functions send messages to the test. */
export type RemoteOptions = ReturnType<typeof createOptions>;

export function createOptions(
  { options, disabledLevels, usesTransport, hasMetrics, current: initial }: Creation,
  { send, sql }: { send: Send; sql: SqlStorage },
) {
  let current = initial;
  const calls = createCalls();
  const { clock, expire } = createClock(() => current.now, send);
  const { metrics, readGauge } = createMetrics(send, calls);
  const { isReady, readinessDetails } = initial;
  const gatewayOptions: GatewayOptions = {
    ...options,
    transport: usesTransport ? createTransport(send, calls) : createFetchTransport().send,
    log: createLog(send, disabledLevels),
    ...(hasMetrics ? { metrics } : {}),
    ...(isReady === undefined ? {} : { isReady: () => current.isReady ?? true }),
    ...(readinessDetails === undefined ? {} : { readinessDetails: () => current.readinessDetails ?? {} }),
    savedState: createObjectStorage(sql, () => clock.now()),
    clock,
    random: () => 0,
  };
  return {
    options: gatewayOptions,
    calls,
    expire,
    readGauge,
    update: (next: Current): void => {
      current = next;
    },
  };
}

function createLog(send: Send, disabledLevels: readonly LogLevel[]): Log {
  const log: Log = (level, message, fields = {}) => {
    const toField = ([name, value]: [string, unknown]): Field => (value === undefined ? [name] : [name, value]);
    send({ type: 'log', level, message, fields: Object.entries(fields).map(toField) });
  };
  return Object.assign(log, { isEnabled: (level: LogLevel) => !disabledLevels.includes(level) });
}

/** A clock whose timers are set on the test's. `expire` runs one. */
function createClock(now: () => number, send: Send): { clock: Clock; expire: (id: number) => void } {
  let lastId = 0;
  const timers = new Map<number, () => void>();
  return {
    clock: {
      now,
      after(delayMs, callback) {
        const id = (lastId += 1);
        timers.set(id, callback);
        send({ type: 'timer', id, at: now() + delayMs, delayMs });
        return () => {
          if (timers.delete(id)) send({ type: 'cancelTimer', id });
        };
      },
    },
    expire(id) {
      const callback = timers.get(id);
      timers.delete(id);
      callback?.();
    },
  };
}

/** Sends requests through the test's transport. */
function createTransport(send: Send, calls: Calls): Transport {
  return async ({ signal, ...request }) => {
    signal.throwIfAborted();
    const { id, outcome } = calls.begin();
    const abort = (): void => send({ type: 'abort', id });
    signal.addEventListener('abort', abort);
    send({ type: 'send', id, request });
    const result = await outcome;
    signal.removeEventListener('abort', abort);
    signal.throwIfAborted();
    const response = valueOf(result);
    if (!isResponse(response)) throw new Error('Not a response');
    return response;
  };
}

function createMetrics(send: Send, calls: Calls) {
  const gauges = new Map<string, () => unknown>();
  const record =
    (name: MetricName) =>
    (...values: unknown[]): void =>
      send({ type: 'metric', name, values });
  const metrics: Metrics = {
    operation: record('operation'),
    upstreamRequest: record('upstreamRequest'),
    callerRequest: record('callerRequest'),
    read: record('read'),
    webhook: record('webhook'),
    purge: record('purge'),
    upstreamFailure: record('upstreamFailure'),
    gauge(name, help, read) {
      gauges.set(name, read);
      send({ type: 'gauge', name, help });
    },
    async expose() {
      const { id, outcome } = calls.begin();
      send({ type: 'expose', id });
      const value = valueOf(await outcome);
      if (!isExposition(value)) throw new Error('Not an exposition');
      return value;
    },
  };
  return { metrics, readGauge: async (name: string) => gauges.get(name)?.() };
}

/** The value of an outcome. Throws its error. */
function valueOf(outcome: Outcome): unknown {
  if ('value' in outcome) return outcome.value;
  const { message, failure, code = null } = outcome.error;
  if (failure === undefined) throw new Error(message);
  throw Object.assign(new TransportError(failure, message, { code: null }), { code });
}

const isResponse = (value: unknown): value is TransportResponse => typeof value === 'object' && value !== null;
const isExposition = (value: unknown): value is Awaited<ReturnType<Metrics['expose']>> =>
  typeof value === 'object' && value !== null;
