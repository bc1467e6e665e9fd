import { systemClock } from '../../../src/lib/clock.ts';
import type { LogLevel } from '../../../src/lib/log.ts';
import { TransportError } from '../../../src/realtimekit/transport.ts';
import type { GatewayOptions } from '../../../src/server/gatewayOptions.ts';
import { addGateway, announceRequest, betweenArrivals } from './arrivals.ts';
import { createMessageSocket } from './messageSocket.ts';
import {
  type Counts,
  createCalls,
  createMessageCounter,
  type GatewayMethod,
  type Instruction,
  MESSAGES_PATH,
  type Outcome,
  type ToTest,
} from './protocol.ts';
import { onAdvance } from './remoteClock.ts';
import { isPlainTransport } from './remoteTransport.ts';

const LEVELS: LogLevel[] = ['info', 'warn', 'error'];

/** Creates a gateway in workerd, and exchanges messages with it. What it asks of its options is asked of `options`. */
export function createConnection(origin: string, gateway: string, options: GatewayOptions) {
  const { transport, log, metrics, clock = systemClock, isReady, readinessDetails, ...others } = options;
  const { savedState = null, cluster = null, tracer, random: _random, ...plain } = others;
  if (cluster !== null || savedState !== null || tracer !== undefined)
    throw new Error('A cluster, saved state and a tracer do not cross to workerd.');
  const received = createMessageCounter();
  const calls = createCalls();
  const timers = new Map<number, () => void>();
  /** For each request that has not arrived yet, what says that it has. */
  const requests = new Map<number, () => void>();
  const upstreamRequests = new Map<number, AbortController>();
  let counts: Counts = { subscriptions: 0, pendingMutations: 0, pendingPurges: 0 };
  let sent = 0;

  const socket = createMessageSocket(new URL(`${MESSAGES_PATH}/${gateway}`, origin), (message) => {
    received.received();
    receive(message);
  });

  function send(instruction: Instruction): void {
    sent += 1;
    const current = { now: clock.now(), isReady: isReady?.(), readinessDetails: readinessDetails?.() };
    socket.send({ current, ...instruction });
  }

  function setTimer(id: number, at: number, delayMs: number): void {
    const remainingMs = Math.min(delayMs, at - clock.now());
    const expire = (): void => {
      timers.delete(id);
      send({ type: 'timer', id });
    };
    // The clock was advanced while the message was on its way.
    if (remainingMs <= 0 && delayMs > 0) expire();
    else timers.set(id, clock.after(remainingMs, expire));
  }

  async function reply(id: number, work: () => Promise<unknown>): Promise<void> {
    const outcome = await outcomeOf(work);
    upstreamRequests.delete(id);
    send({ type: 'result', id, outcome });
  }

  async function call(method: GatewayMethod, values: unknown[] = []): Promise<unknown> {
    const { id, outcome } = calls.begin();
    send({ type: 'call', id, method, values });
    const result = await outcome;
    if ('error' in result) throw new Error(result.error.message);
    return result.value;
  }

  function registerGauge(name: string, help: string): void {
    metrics?.gauge(name, help, async () => {
      const value = await call('gauge', [name]);
      return typeof value === 'number' ? value : undefined;
    });
  }

  function receive(message: ToTest): void {
    switch (message.type) {
      case 'timer':
        return setTimer(message.id, message.at, message.delayMs);
      case 'cancelTimer':
        timers.get(message.id)?.();
        timers.delete(message.id);
        return;
      case 'log':
        return log(
          message.level,
          message.message,
          Object.fromEntries(message.fields.map(([key, value]) => [key, value])),
        );
      case 'metric':
        if (metrics !== undefined) Reflect.apply(metrics[message.name], metrics, message.values);
        return;
      case 'gauge':
        return registerGauge(message.name, message.help);
      case 'expose':
        return void reply(message.id, async () => metrics?.expose());
      case 'send': {
        const { id, request } = message;
        const controller = new AbortController();
        upstreamRequests.set(id, controller);
        return void reply(id, async () =>
          betweenArrivals(async () => transport({ ...request, signal: controller.signal })),
        );
      }
      case 'abort':
        return upstreamRequests.get(message.id)?.abort();
      case 'counts':
        counts = message.counts;
        return;
      case 'arrival':
        requests.get(message.request)?.();
        requests.delete(message.request);
        return;
      case 'result':
        return calls.end(message.id, message.outcome);
    }
  }

  const disabledLevels = LEVELS.filter((level) => log.isEnabled?.(level) === false);
  const usesTransport = !isPlainTransport(transport);
  send({ type: 'create', options: plain, disabledLevels, usesTransport, hasMetrics: metrics !== undefined });
  const stopFollowing = onAdvance(() => send({ type: 'update' }));
  const remove = addGateway(async () => call('settle'));

  return {
    received,
    call,
    counts: () => counts,
    /** Announces a request. `end`: says that it has arrived, or never will. */
    announce: (): { id: number; end: () => void } => {
      send({ type: 'update' });
      const id = sent;
      const end = announceRequest();
      requests.set(id, end);
      return { id, end };
    },
    /** Resolves when the gateway can receive requests. */
    isOpen: socket.isOpen,
    close: (): void => {
      stopFollowing();
      remove();
      socket.close();
    },
  };
}

async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof TransportError)) return { error: { message: String(error) } };
    const { message, failure, code } = error;
    return { error: { message, failure, code } };
  }
}
