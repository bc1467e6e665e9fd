import type { GatewayOptions } from '../../../src/server/gateway.ts';
import type { LogLevel } from '../../../src/lib/log.ts';
import type { TransportFailure, TransportRequest } from '../../../src/realtimekit/transport.ts';
import type { Metrics } from '../../../src/telemetry/metrics.ts';

/** The options of a gateway that travel as JSON. The others are functions. */
export type PlainOptions = Omit<
  GatewayOptions,
  | 'transport'
  | 'savedState'
  | 'log'
  | 'metrics'
  | 'tracer'
  | 'cluster'
  | 'clock'
  | 'random'
  | 'isReady'
  | 'readinessDetails'
>;

/** What synchronous functions of the options return at the moment. */
export interface Current {
  now: number;
  isReady: boolean | undefined;
  readinessDetails: ReturnType<NonNullable<GatewayOptions['readinessDetails']>> | undefined;
}

/** What the test reads from a gateway synchronously. */
export interface Counts {
  subscriptions: number;
  pendingMutations: number;
  pendingPurges: number;
}

/** The recorded calls of `Metrics`, without those that return something. */
export type MetricName = Exclude<keyof Metrics, 'gauge' | 'expose'>;

export type UpstreamRequest = Omit<TransportRequest, 'signal'>;

/** The result of a call, or its error. `failure` and `code` are those of a `TransportError`. */
export type Outcome =
  { value: unknown } | { error: { message: string; failure?: TransportFailure; code?: string | null } };

/** From the test to the gateway. */
export type ToGateway = { current: Current } & (
  | { type: 'create'; options: PlainOptions; disabledLevels: LogLevel[]; usesTransport: boolean; hasMetrics: boolean }
  /** Only brings what is current. */
  | { type: 'update' }
  | { type: 'timer'; id: number }
  | { type: 'call'; id: number; method: GatewayMethod; values: unknown[] }
  | { type: 'result'; id: number; outcome: Outcome }
);

/** A message without what is current. */
export type Instruction = ToGateway extends infer Message
  ? Message extends unknown
    ? Omit<Message, 'current'>
    : never
  : never;

/**
 * The methods of a gateway that tests call; `gauge`, which reads a gauge of its metrics; and `settle`, which resolves when it has handled
 * what it received before.
 */
export type GatewayMethod =
  'checkUpstream' | 'endSubscriptions' | 'replaceApiKeys' | 'replaceTrustedDocuments' | 'gauge' | 'settle';

/** The name and the value of a field; the name alone if the value is undefined, which JSON has not. */
export type Field = [string] | [string, unknown];

/** From the gateway to the test. */
export type ToTest =
  | { type: 'timer'; id: number; at: number; delayMs: number }
  | { type: 'cancelTimer'; id: number }
  | { type: 'log'; level: LogLevel; message: string; fields: Field[] }
  | { type: 'metric'; name: MetricName; values: unknown[] }
  | { type: 'gauge'; name: string; help: string }
  | { type: 'send'; id: number; request: UpstreamRequest }
  | { type: 'abort'; id: number }
  | { type: 'expose'; id: number }
  | { type: 'counts'; counts: Counts }
  /** A request has arrived: the gateway continues only once it gets a response, a message or more of the body. */
  | { type: 'arrival'; request: number }
  | { type: 'result'; id: number; outcome: Outcome };

/** The header of a request to the gateway. */
export const REQUEST_HEADER = 'x-test-request';
export interface RequestNote {
  /** The name of the gateway's object. */
  gateway: string;
  url: string;
  /** How many messages the test had sent. The gateway receives these before the request. */
  id: number;
  /** The request's `host`, and headers that HTTP does not allow. */
  headers: [string, string][];
}

/** The header of a response: the runtime, and how many messages the gateway had sent. The test receives these before the response. */
export const SENT_HEADER = 'x-test-sent';

/** The path, before the gateway's name, at which the gateway accepts the WebSocket for messages. */
export const MESSAGES_PATH = '/__messages';

/** `JSON.stringify`, also for maps, numbers that are not finite, and `undefined` in arrays. Throws if the value contains a function. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (typeof part === 'function')
      throw new Error(`The option "${key}" is a function, which does not cross to workerd.`);
    if (part instanceof Map) return { $map: [...part] };
    if (typeof part === 'number' && !Number.isFinite(part)) return { $number: String(part) };
    return part;
  });
}

/** The reverse of `encode`. */
export function decode(text: string): unknown {
  return JSON.parse(text, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null) return part;
    if ('$map' in part && Array.isArray(part.$map)) return new Map(part.$map.filter(isPair));
    return '$number' in part ? Number(part.$number) : part;
  });
}

const isPair = (value: unknown): value is [unknown, unknown] => Array.isArray(value) && value.length === 2;

/** Numbers the messages that arrive, and lets others wait for one. */
export function createMessageCounter() {
  let count = 0;
  const waits = new Set<{ until: number; resolve: () => void }>();
  return {
    received(): void {
      count += 1;
      for (const wait of waits) {
        if (wait.until > count) continue;
        waits.delete(wait);
        wait.resolve();
      }
    },
    /** Resolves as soon as this many messages have been received. */
    async waitFor(until: number): Promise<void> {
      if (until <= count) return;
      await new Promise<void>((resolve) => waits.add({ until, resolve }));
    },
  };
}

/** The calls to the other side that have no result yet. */
export function createCalls() {
  let lastId = 0;
  const calls = new Map<number, PromiseWithResolvers<Outcome>>();
  return {
    begin(): { id: number; outcome: Promise<Outcome> } {
      const call = Promise.withResolvers<Outcome>();
      calls.set((lastId += 1), call);
      return { id: lastId, outcome: call.promise };
    },
    end(id: number, outcome: Outcome): void {
      calls.get(id)?.resolve(outcome);
      calls.delete(id);
    },
  };
}
