import { ConfigError } from '../config/env.ts';
import { createConsoleLog } from '../telemetry/consoleLog.ts';
import { configuredSocketOptions } from '../server/configuredOptions.ts';
import { registerSocketGauge } from '../server/registerGauges.ts';
import type { HibernatingSocket } from './hibernation.ts';
import type { ObjectState } from './platform.ts';
import { isWebSocketUpgrade, objectNameFor, OWN_OBJECT } from './routing.ts';
import type { Bindings } from './settings.ts';
import { type ObjectSandbox, type StartedGateway, startGateway } from './startGateway.ts';
import { createWorkerWebSockets, type WorkerWebSockets } from './webSockets.ts';

/** How often an object with subscriptions is called by an alarm: without any call for some 70 s, an object is evicted. */
const ALARM_INTERVAL_MS = 30_000;
/** How long an operation over a WebSocket lasts before the object needs an alarm for it. */
const ALARM_DELAY_MS = 5000;

/**
 * The Durable Object in which the gateway runs. There is one for each RealtimeKit credential, so that all requests with the credential
 * share one cache and one request budget.
 */
export class ObjectGateway {
  readonly #state: ObjectState;
  readonly #open: () => Promise<StartedObject>;
  #started: Promise<StartedObject> | null = null;

  constructor(state: ObjectState, bindings: Bindings, openSandbox: () => ObjectSandbox) {
    this.#state = state;
    this.#open = () => startObject(state, bindings, openSandbox);
  }

  async fetch(request: Request): Promise<Response> {
    try {
      const { handle, webSockets } = await this.#start();
      if (isWebSocketUpgrade(request)) return webSockets.upgrade(request);
      const response = await handle(request);
      // Without an alarm, the response is good all the same. The next event sets one.
      await this.#stayAwake().catch(() => {});
      return response;
    } catch (error) {
      if (error instanceof ConfigError) return misconfigured(error);
      throw error;
    }
  }

  /** Called by the platform, also in an object that was evicted in the meantime. */
  async alarm(): Promise<void> {
    await this.#stayAwake();
  }

  async webSocketMessage(socket: HibernatingSocket, message: string | ArrayBuffer): Promise<void> {
    const { webSockets } = await this.#start();
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Most messages are handled at once, and an alarm is billed and wakes the object later.
    const stayAwakeLater = (): void => {
      timer = setTimeout(() => void this.#stayAwake().catch(stayAwakeLater), ALARM_DELAY_MS);
    };
    stayAwakeLater();
    try {
      await webSockets.message(socket, message);
    } finally {
      // An object that waits for a timer does not hibernate.
      clearTimeout(timer);
    }
  }

  async webSocketClose(socket: HibernatingSocket, code: number, reason: string): Promise<void> {
    const { webSockets } = await this.#start();
    webSockets.closed(socket, code, reason);
  }

  async webSocketError(socket: HibernatingSocket, error: unknown): Promise<void> {
    const { webSockets } = await this.#start();
    webSockets.failed(socket, error);
  }

  /** Starts the gateway for the first event; again for the next one if that fails, for the storage may work by then. */
  async #start(): Promise<StartedObject> {
    this.#started ??= this.#open();
    try {
      return await this.#started;
    } catch (error) {
      this.#started = null;
      throw error;
    }
  }

  /**
   * Subscriptions are polled for only while the object is in memory. If it is evicted all the same, the alarm creates it again, which
   * closes the WebSockets whose operations are lost.
   */
  async #stayAwake(): Promise<void> {
    const { gateway, webSockets } = await this.#start();
    if (gateway.subscriptionCount() === 0 && !webSockets.isBusy()) return;
    const { storage } = this.#state;
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + ALARM_INTERVAL_MS);
  }
}

interface StartedObject extends StartedGateway {
  webSockets: WorkerWebSockets;
}

async function startObject(
  state: ObjectState,
  bindings: Bindings,
  openSandbox: () => ObjectSandbox,
): Promise<StartedObject> {
  const started = await startGateway(state, bindings, openSandbox);
  const webSockets = createWorkerWebSockets({
    ...configuredSocketOptions(started.config),
    state,
    gateway: started.gateway,
    async fetch(request) {
      const name = await objectNameFor(request, bindings);
      return name === OWN_OBJECT ? started.gateway.fetch(request) : bindings.GATEWAY.getByName(name).fetch(request);
    },
  });
  registerSocketGauge(started.metrics, webSockets.size);
  return { ...started, webSockets };
}

/** The message, which names the setting, is for the operator alone. */
function misconfigured({ message }: ConfigError): Response {
  createConsoleLog('error')('error', message);
  const error = 'The gateway is not configured: its log says which setting is missing or invalid.';
  return Response.json(
    { errors: [{ message: error, extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false } }] },
    { status: 500 },
  );
}
