import { ConfigError } from '../config/env.ts';
import type { Gateway } from '../server/gateway.ts';
import { createConsoleLog } from '../telemetry/consoleLog.ts';
import type { ObjectState } from './platform.ts';
import type { Bindings } from './settings.ts';
import { type ObjectSandbox, type StartedGateway, startGateway } from './startGateway.ts';

/** How often an object with subscriptions is called by an alarm: without any call for some 70 s, an object is evicted. */
const ALARM_INTERVAL_MS = 30_000;

/**
 * The Durable Object in which the gateway runs. There is one for each RealtimeKit credential, so that all requests with the credential
 * share one cache and one request budget.
 */
export class ObjectGateway {
  readonly #state: ObjectState;
  readonly #started: Promise<StartedGateway>;

  constructor(state: ObjectState, bindings: Bindings, openSandbox: () => ObjectSandbox) {
    this.#state = state;
    this.#started = startGateway(state, bindings, openSandbox);
    // Each request reports the error.
    this.#started.catch(() => {});
  }

  async fetch(request: Request): Promise<Response> {
    try {
      const { gateway, handle } = await this.#started;
      const response = await handle(request);
      await this.#stayAwake(gateway);
      return response;
    } catch (error) {
      if (error instanceof ConfigError) return misconfigured(error);
      throw error;
    }
  }

  /** Called by the platform, also in an object that was evicted in the meantime. */
  async alarm(): Promise<void> {
    const { gateway } = await this.#started;
    await this.#stayAwake(gateway);
  }

  /** Subscriptions are polled for only while the object is in memory. */
  async #stayAwake(gateway: Gateway): Promise<void> {
    if (gateway.subscriptionCount() === 0) return;
    const { storage } = this.#state;
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + ALARM_INTERVAL_MS);
  }
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
