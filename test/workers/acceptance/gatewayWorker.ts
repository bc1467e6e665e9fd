import { createGateway, type Gateway } from '../../../src/server/gateway.ts';
import type { ObjectNamespace, ObjectState } from '../../../src/workers/platform.ts';
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
const SETTLE_TURNS = 3;
const MAX_SHORT_BYTES = 64 * 1024;

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
  readonly #state: ObjectState;
  readonly #received = createMessageCounter();

  constructor(state: ObjectState) {
    this.#state = state;
  }

  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname.startsWith(MESSAGES_PATH)) return this.#acceptSocket();
    const { url, id, headers: noted } = readNote(request);
    await this.#received.waitFor(id);
    const headers = new Headers(request.headers);
    for (const name of [REQUEST_HEADER, 'host']) headers.delete(name);
    for (const [name, value] of noted) headers.append(name, value);
    const { method, signal } = request;
    const body = isShort(request) ? await request.arrayBuffer() : request.body;
    const responding = this.#createdGateway().fetch(new Request(url, { method, headers, body, signal }));
    void settle().then(() => this.#send({ type: 'arrival', request: id }));
    const response = await responding;
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
        sql: this.#state.storage.sql,
      });
      this.#gateway = createGateway(this.#options.options);
    }
    this.#options?.update(message.current);
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
    if (method === 'settle') return settle();
    if (method === 'gauge') return this.#options?.readGauge(String(values[0]));
    return Reflect.apply(this.#createdGateway()[method], undefined, values);
  }
}

/** Whether a request has a body that comes in one piece. */
function isShort({ body, headers }: Request): boolean {
  return body !== null && Number(headers.get('content-length') ?? Infinity) <= MAX_SHORT_BYTES;
}

/** Waits while the gateway continues by itself: until its timers without a delay, with which it collects reads, have expired. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}

function readNote(request: Request): RequestNote {
  const note: unknown = JSON.parse(request.headers.get(REQUEST_HEADER) ?? 'null');
  if (!isNote(note)) throw new Error(`The header ${REQUEST_HEADER} is missing.`);
  return note;
}

const isNote = (value: unknown): value is RequestNote => typeof value === 'object' && value !== null;
const isMessage = (value: unknown): value is ToGateway => typeof value === 'object' && value !== null;
