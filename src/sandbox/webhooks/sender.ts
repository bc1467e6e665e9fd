import type { Clock } from '../../lib/clock.ts';
import { createRandom } from '../random.ts';
import { RecentEntries } from '../recentEntries.ts';
import type { SandboxClock } from '../sandboxClock.ts';
import type { SandboxSettings, WebhookSettings } from '../settings.ts';
import type { WebhookEventName, WebhookRecord, Webhooks } from './webhookRecord.ts';
import type { SigningKey } from './signingKey.ts';

/** Sends a request, like `fetch`. */
export type Deliver = (url: string, init: RequestInit) => Promise<Response>;

/** A delivery of an event to a webhook; one of several if the settings ask for copies. */
interface Delivery {
  /** The `rtk-uuid` header: the same for all copies and attempts. */
  uuid: string;
  webhookId: string;
  event: WebhookEventName;
  url: string;
  /** The request body: JSON. */
  payload: string;
  /** When the event occurred, by the sandbox's clock: ISO 8601. */
  occurredAt: string;
  /** `pending`: not sent yet, in flight, or waiting for a retry. `failed`: there will be no further attempt. */
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  /** The HTTP status of the last attempt; null if there was none yet, or no response. */
  responseStatus: number | null;
}

/** A logged delivery, which each attempt updates, and whether its signature is wrong on purpose. */
interface QueuedDelivery {
  entry: Delivery;
  isForged: boolean;
}

/** The vendor documents which deliveries it retries, but not when. */
const RETRY_DELAYS_MS = [1000, 5000, 25_000, 125_000];

/** The seed for the order `shuffled`, which is the same at every start. */
const SEED = 20_260_116;

export interface WebhookSenderOptions {
  /** The time for the log. */
  clock: SandboxClock;
  /** Runs the timers; its time may differ from that of `clock`. */
  base: Clock;
  deliver: Deliver;
  settings: () => SandboxSettings;
}

/**
 * Sends deliveries to webhooks in the background, those of each webhook one after the other. Attempts have no timeout except that of
 * `deliver`, so that a test that advances the clock does not cancel a delivery in flight.
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #webhooks: Webhooks;
  readonly #key: SigningKey;
  readonly #random = createRandom(SEED);
  readonly #log = new RecentEntries<Delivery>(2000);
  readonly #timers = new Set<() => void>();
  readonly #queues = new Map<string, Promise<void>>();
  readonly #pending = new Set<AbortController>();
  #batch: QueuedDelivery[] = [];
  #forgedShare = 0;

  constructor(options: WebhookSenderOptions, webhooks: Webhooks, key: SigningKey) {
    this.#options = options;
    this.#webhooks = webhooks;
    this.#key = key;
  }

  /** Logs the deliveries of an event, and sends them as the settings say. */
  send(webhook: WebhookRecord, event: WebhookEventName, payload: unknown): void {
    const settings = this.#options.settings().webhooks;
    // Not seeded: a restarted sandbox would reuse the ids, and receivers would drop its deliveries as duplicates.
    const uuid = crypto.randomUUID();
    const occurredAt = new Date(this.#options.clock.now()).toISOString();
    const deliveries = Array.from({ length: settings.copies }, (): QueuedDelivery => {
      const entry: Delivery = {
        uuid,
        webhookId: webhook.id,
        event,
        url: webhook.url,
        payload: JSON.stringify(payload),
        occurredAt,
        status: 'pending',
        attempts: 0,
        responseStatus: null,
      };
      this.#log.add(entry);
      return { entry, isForged: this.#nextIsForged() };
    });
    this.#schedule(deliveries, settings);
  }

  report() {
    return {
      deliveries: structuredClone(this.#log.list()),
      total: this.#log.total,
      /** Requests that are queued or have no response yet. Those that wait for a timer do not count. */
      inFlight: this.#pending.size,
    };
  }

  clear(): void {
    this.#log.clear();
  }

  /** Cancels all deliveries, and clears the log. */
  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    for (const attempt of this.#pending) attempt.abort();
    this.#queues.clear();
    this.#batch = [];
    this.#log.clear();
  }

  #schedule(deliveries: QueuedDelivery[], { order, delayMs, batchMs }: WebhookSettings): void {
    if (order === 'original') {
      this.#after(delayMs, () => deliveries.forEach((delivery) => this.#enqueue(delivery)));
      return;
    }
    const isFirst = this.#batch.length === 0;
    this.#batch.push(...deliveries);
    if (isFirst) this.#after(delayMs + batchMs, () => this.#sendBatch(order));
  }

  #sendBatch(order: 'reversed' | 'shuffled'): void {
    const deliveries = this.#batch;
    this.#batch = [];
    const ordered = order === 'reversed' ? deliveries.toReversed() : this.#random.shuffled(deliveries);
    for (const delivery of ordered) this.#enqueue(delivery);
  }

  /** Sends a delivery after the earlier ones to the same webhook, because concurrent requests could arrive in any order. */
  #enqueue(delivery: QueuedDelivery): void {
    const { webhookId } = delivery.entry;
    const earlier = this.#queues.get(webhookId) ?? Promise.resolve();
    const attempt = new AbortController();
    this.#pending.add(attempt);
    const sent = earlier
      .then(() => this.#attempt(delivery, attempt.signal))
      .finally(() => this.#pending.delete(attempt));
    this.#queues.set(webhookId, sent);
  }

  async #attempt(delivery: QueuedDelivery, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { entry } = delivery;
    if (this.#webhooks.get(entry.webhookId)?.enabled !== true) {
      entry.status = 'failed';
      return;
    }
    entry.attempts += 1;
    entry.responseStatus = await this.#send(delivery, signal).catch(() => null);
    if (!signal.aborted) this.#settle(delivery);
  }

  /** Decides by the response: 2xx means delivered; 5xx, or no response, means retry; any other status means failed. */
  #settle(delivery: QueuedDelivery): void {
    const { entry } = delivery;
    if (entry.responseStatus !== null && entry.responseStatus < 500) {
      entry.status = entry.responseStatus >= 200 && entry.responseStatus < 300 ? 'delivered' : 'failed';
      return;
    }
    const delayMs = RETRY_DELAYS_MS[entry.attempts - 1];
    if (delayMs === undefined) entry.status = 'failed';
    else this.#after(delayMs, () => this.#enqueue(delivery));
  }

  async #send({ entry, isForged }: QueuedDelivery, signal: AbortSignal): Promise<number> {
    const encoder = new TextEncoder();
    const body = encoder.encode(entry.payload);
    const headers = {
      'content-type': 'application/json',
      'rtk-signature': await this.#key.sign(isForged ? encoder.encode(`${entry.payload} `) : body),
      'rtk-uuid': entry.uuid,
      'rtk-webhook-id': entry.webhookId,
    };
    // Redirects are not followed: they count as failures.
    const response = await this.#options.deliver(entry.url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal,
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** Spreads the forged signatures evenly: a ratio of 0.5 forges every second one. */
  #nextIsForged(): boolean {
    this.#forgedShare += this.#options.settings().webhooks.badSignatureRatio;
    if (this.#forgedShare < 1) return false;
    this.#forgedShare -= 1;
    return true;
  }

  #after(delayMs: number, callback: () => void): void {
    if (delayMs === 0) return callback();
    const cancel = this.#options.base.after(delayMs, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
  }
}
