import type { Clock } from '../../lib/clock.ts';
import { createRandom } from '../random.ts';
import { createRecentEntries } from '../recentEntries.ts';
import type { SandboxClock } from '../sandboxClock.ts';
import type { SandboxSettings } from '../settings.ts';
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
export function createWebhookSender(options: WebhookSenderOptions, webhooks: Webhooks, key: SigningKey) {
  const { clock, base, deliver, settings } = options;
  const random = createRandom(SEED);
  const log = createRecentEntries<Delivery>(2000);
  const timers = new Set<() => void>();
  /** The last delivery to each webhook, by the webhook's id. */
  const queues = new Map<string, Promise<void>>();
  let inFlight = 0;
  let stopping = new AbortController();
  let batch: QueuedDelivery[] = [];
  let forgedShare = 0;

  function after(delayMs: number, callback: () => void): void {
    if (delayMs === 0) return callback();
    const cancel = base.after(delayMs, () => {
      timers.delete(cancel);
      callback();
    });
    timers.add(cancel);
  }

  function schedule(deliveries: QueuedDelivery[]): void {
    const { order, delayMs, batchMs } = settings().webhooks;
    if (order === 'original') return after(delayMs, () => deliveries.forEach(enqueue));
    const isFirst = batch.length === 0;
    batch.push(...deliveries);
    if (isFirst) after(delayMs + batchMs, () => sendBatch(order));
  }

  function sendBatch(order: 'reversed' | 'shuffled'): void {
    const deliveries = batch;
    batch = [];
    const ordered = order === 'reversed' ? deliveries.toReversed() : random.shuffled(deliveries);
    for (const delivery of ordered) enqueue(delivery);
  }

  /** Sends a delivery after the earlier ones to the same webhook, because concurrent requests could arrive in any order. */
  function enqueue(delivery: QueuedDelivery): void {
    const { webhookId } = delivery.entry;
    const { signal } = stopping;
    inFlight += 1;
    const sent = (queues.get(webhookId) ?? Promise.resolve())
      .then(() => attempt(delivery, signal))
      .finally(() => {
        inFlight -= 1;
      });
    queues.set(webhookId, sent);
  }

  /** Sends a delivery. 2xx means delivered; 5xx, or no response, means retry; any other status means failed. */
  async function attempt(delivery: QueuedDelivery, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { entry } = delivery;
    if (webhooks.get(entry.webhookId)?.enabled !== true) {
      entry.status = 'failed';
      return;
    }
    entry.attempts += 1;
    entry.responseStatus = await post(delivery, signal).catch(() => null);
    if (signal.aborted) return;
    if (entry.responseStatus !== null && entry.responseStatus < 500) {
      entry.status = entry.responseStatus >= 200 && entry.responseStatus < 300 ? 'delivered' : 'failed';
      return;
    }
    const delayMs = RETRY_DELAYS_MS[entry.attempts - 1];
    if (delayMs === undefined) entry.status = 'failed';
    else after(delayMs, () => enqueue(delivery));
  }

  async function post({ entry, isForged }: QueuedDelivery, signal: AbortSignal): Promise<number> {
    const encoder = new TextEncoder();
    const body = encoder.encode(entry.payload);
    const headers = {
      'content-type': 'application/json',
      'rtk-signature': await key.sign(isForged ? encoder.encode(`${entry.payload} `) : body),
      'rtk-uuid': entry.uuid,
      'rtk-webhook-id': entry.webhookId,
    };
    // Redirects are not followed: they count as failures.
    const response = await deliver(entry.url, { method: 'POST', headers, body, redirect: 'manual', signal });
    await response.arrayBuffer();
    return response.status;
  }

  /** Spreads the forged signatures evenly: a ratio of 0.5 forges every second one. */
  function nextIsForged(): boolean {
    forgedShare += settings().webhooks.badSignatureRatio;
    if (forgedShare < 1) return false;
    forgedShare -= 1;
    return true;
  }

  return {
    /** Logs the deliveries of an event, and sends them as the settings say. */
    send(webhook: WebhookRecord, event: WebhookEventName, payload: unknown): void {
      // Not seeded: a restarted sandbox would reuse the ids, and receivers would drop its deliveries as duplicates.
      const uuid = crypto.randomUUID();
      const occurredAt = new Date(clock.now()).toISOString();
      const deliveries = Array.from({ length: settings().webhooks.copies }, (): QueuedDelivery => {
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
        log.add(entry);
        return { entry, isForged: nextIsForged() };
      });
      schedule(deliveries);
    },
    report: () => ({
      deliveries: structuredClone(log.list()),
      total: log.total(),
      /** Requests that are queued or have no response yet. Those that wait for a timer do not count. */
      inFlight,
    }),
    clear: () => log.clear(),
    /** Cancels all deliveries, and clears the log. */
    stop(): void {
      for (const cancel of timers) cancel();
      timers.clear();
      stopping.abort();
      stopping = new AbortController();
      queues.clear();
      batch = [];
      log.clear();
    },
  };
}
