import { createGateway, type Gateway } from '../../../src/server/gateway.ts';
import type { ObjectNamespace } from '../../../src/workers/platform.ts';
import { createArrivals } from './arrivals.ts';
import { createOptions, type RemoteOptions } from './objectOptions.ts';
import {
  type Counts,
  decode,
  encode,
  type GatewayMethod,
  MESSAGES_PATH,
  type Outcome,
  REQUEST_HEADER,
  type RequestNote,
  SENT_HEADER,
  type ToGateway,
  type ToTest,
  createMessageCounter,
} from './protocol.ts';

/** How often the test is told about changed counts. */
const COUNTS_INTERVAL_MS = 2;

/** The Worker of the tests: passes each request to the object of its gateway. */
export default {
  async fetch(request: Request, { GATEWAY }: { GATEWAY: ObjectNamespace }): Promise<Response> {
    const [, gateway = readNote(request).gateway] = new URL(request.url).pathname.split(`${MESSAGES_PATH}/`);
    return GATEWAY.getByName(gateway).fetch(request);
  },
};

/** A gateway in a Durable Object. Its options come from the test, over a WebSocket. */
export class GatewayObject {
  #gateway: Gateway | undefined;
  #options: RemoteOptions | undefined;
  #socket: WorkerSocket | undefined;
  #sentCounts = '';
  #sent = 0;
  #messageCount = 0;
  readonly #arrivals = createArrivals();
  readonly #received = createMessageCounter();

  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname.startsWith(MESSAGES_PATH)) return this.#acceptSocket();
    const { url, id, headers: noted } = readNote(request);
    await this.#received.waitFor(id);
    const headers = new Headers(request.headers);
    for (const name of [REQUEST_HEADER, 'host']) headers.delete(name);
    for (const [name, value] of noted) headers.append(name, value);
    const { method, signal } = request;
    // Once the gateway has read the body, it continues without delay.
    const onArrival = (): void => void setTimeout(() => this.#arrivals.end(id), 0);
    const body = request.body?.pipeThrough(new TransformStream({ flush: onArrival })) ?? null;
    if (body === null) onArrival();
    const response = await this.#createdGateway().fetch(new Request(url, { method, headers, body, signal }));
    this.#arrivals.end(id);
    this.#sendCounts();
    response.headers.set(SENT_HEADER, `${navigator.userAgent} ${this.#sent}`);
    return response;
  }

  #createdGateway(): Gateway {
    if (this.#gateway === undefined) throw new Error('The test has not created this gateway.');
    return this.#gateway;
  }

  #acceptSocket(): Response {
    const { 0: client, 1: socket } = new WebSocketPair();
    this.#socket = socket;
    socket.accept();
    socket.addEventListener('message', ({ data }) => {
      const message = decode(String(data));
      if (!isMessage(message)) throw new Error('Not a message');
      this.#messageCount += 1;
      this.#receive(message);
      this.#received.received();
    });
    const timer = setInterval(() => this.#sendCounts(), COUNTS_INTERVAL_MS);
    socket.addEventListener('close', () => clearInterval(timer));
    const init: ResponseInit & { webSocket: WorkerSocket } = { status: 101, webSocket: client };
    return new Response(null, init);
  }

  #send(message: ToTest): void {
    this.#sent += 1;
    this.#socket?.send(encode(message));
  }

  #sendCounts(): void {
    if (this.#gateway === undefined) return;
    const { subscriptionCount, pendingMutations, pendingPurges } = this.#gateway;
    const counts: Counts = {
      subscriptions: subscriptionCount(),
      pendingMutations: pendingMutations.size(),
      pendingPurges: pendingPurges?.size() ?? 0,
    };
    const text = encode(counts);
    if (text === this.#sentCounts) return;
    this.#sentCounts = text;
    this.#send({ type: 'counts', counts });
  }

  #receive(message: ToGateway): void {
    if (message.type === 'create') {
      this.#options = createOptions(message, {
        send: (reply) => this.#send(reply),
        arrivals: this.#arrivals,
      });
      this.#gateway = createGateway(this.#options.options);
    }
    this.#options?.update(message.current);
    if (message.type === 'request') this.#arrivals.announce(this.#messageCount);
    if (message.type === 'abandon') this.#arrivals.end(message.request);
    if (message.type === 'timer') this.#options?.expire(message.id);
    if (message.type === 'result') this.#options?.calls.end(message.id, message.outcome);
    if (message.type === 'call') void this.#call(message.id, message.method, message.values);
  }

  async #call(id: number, method: GatewayMethod, values: unknown[]): Promise<void> {
    const outcome = await this.#run(method, values).then(
      (value): Outcome => ({ value: value ?? null }),
      (error: unknown): Outcome => ({ error: { message: String(error) } }),
    );
    this.#sendCounts();
    this.#send({ type: 'result', id, outcome });
  }

  async #run(method: GatewayMethod, values: unknown[]): Promise<unknown> {
    if (method === 'gauge') return this.#options?.readGauge(String(values[0]));
    return Reflect.apply(this.#createdGateway()[method], undefined, values);
  }
}

function readNote(request: Request): RequestNote {
  const note: unknown = JSON.parse(request.headers.get(REQUEST_HEADER) ?? 'null');
  if (!isNote(note)) throw new Error(`The header ${REQUEST_HEADER} is missing.`);
  return note;
}

const isNote = (value: unknown): value is RequestNote => typeof value === 'object' && value !== null;
const isMessage = (value: unknown): value is ToGateway => typeof value === 'object' && value !== null;
