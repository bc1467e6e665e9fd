import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../random.ts';
import { type Delivery, DeliveryLog, type DeliveryReport } from './deliveryLog.ts';
import type { WebhookRecord, WebhookEventName } from './registry.ts';
import type { WebhookSettings } from './webhookSettings.ts';
import type { SigningKey } from './signingKey.ts';

/** Sends a request; `fetch` does. */
export type Deliver = (url: string, init: RequestInit) => Promise<Response>;

/** A request that is to be made, if need be several times. */
interface QueuedDelivery {
  /** Its entry in the log, kept up to date. */
  entry: Delivery;
  isForged: boolean;
}

/** The vendor tells which deliveries it repeats, but not when. */
const RETRY_DELAYS_MS = [1000, 5000, 25_000, 125_000];

export interface WebhookSenderOptions {
  clock: Clock;
  random: Random;
  key: SigningKey;
  deliver: Deliver;
  settings: () => WebhookSettings;
  /** The time for the log, which may differ from `clock`'s. */
  now: () => number;
  /** Whether this webhook is still to be called. */
  isEnabled: (webhookId: string) => boolean;
}

/**
 * Makes the calls to webhooks. Nobody waits for it; each webhook's requests are sent one after the other. An attempt has no deadline
 * but that of `deliver`, lest a test that moves the clock far on cuts off what is just under way.
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #log = new DeliveryLog();
  readonly #waits = new Set<() => void>();
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #underWay = new Set<AbortController>();
  #batch: QueuedDelivery[] = [];
  #forgery = 0;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
  }

  send(webhook: WebhookRecord, event: WebhookEventName, payload: unknown): void {
    const settings = this.#options.settings();
    // Not from a seeded generator: a sandbox started anew would use the same ids, and receivers would drop what comes under them.
    const uuid = crypto.randomUUID();
    const body = JSON.stringify(payload);
    const occurredAt = new Date(this.#options.now()).toISOString();
    const parcels = Array.from({ length: settings.copies }, (): QueuedDelivery => {
      const entry = this.#log.add({ uuid, webhookId: webhook.id, event, url: webhook.url, payload: body, occurredAt });
      return { entry, isForged: this.#nextIsForged() };
    });
    this.#hold(parcels, settings);
  }

  report(): DeliveryReport {
    return this.#log.report(this.#underWay.size);
  }

  clear(): void {
    this.#log.clear();
  }

  /** Gives up whatever waits or is under way, and forgets it. */
  stop(): void {
    for (const cancel of this.#waits) cancel();
    this.#waits.clear();
    for (const attempt of this.#underWay) attempt.abort();
    this.#lanes.clear();
    this.#batch = [];
    this.#log.clear();
  }

  #hold(parcels: QueuedDelivery[], { order, delayMs, batchMs }: WebhookSettings): void {
    if (order === 'original') {
      this.#wait(delayMs, () => parcels.forEach((parcel) => this.#enqueue(parcel)));
      return;
    }
    const isFirst = this.#batch.length === 0;
    this.#batch.push(...parcels);
    if (isFirst) this.#wait(delayMs + batchMs, () => this.#sendBatch(order));
  }

  #sendBatch(order: 'reversed' | 'shuffled'): void {
    const parcels = this.#batch;
    this.#batch = [];
    const ordered = order === 'reversed' ? parcels.toReversed() : this.#options.random.shuffled(parcels);
    for (const parcel of ordered) this.#enqueue(parcel);
  }

  /** Behind what is on its way to this webhook already, or the network would decide on the order. */
  #enqueue(parcel: QueuedDelivery): void {
    const { webhookId } = parcel.entry;
    const before = this.#lanes.get(webhookId) ?? Promise.resolve();
    const attempt = new AbortController();
    this.#underWay.add(attempt);
    const mine = before.then(() => this.#attempt(parcel, attempt.signal)).finally(() => this.#underWay.delete(attempt));
    this.#lanes.set(webhookId, mine);
  }

  async #attempt(parcel: QueuedDelivery, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { entry } = parcel;
    if (!this.#options.isEnabled(entry.webhookId)) {
      entry.status = 'failed';
      return;
    }
    entry.attempts += 1;
    entry.responseStatus = await this.#send(parcel, signal).catch(() => null);
    if (!signal.aborted) this.#settle(parcel);
  }

  /** 2xx is delivered; 5xx and no answer are tried again; any other answer is final. */
  #settle(parcel: QueuedDelivery): void {
    const { entry } = parcel;
    if (entry.responseStatus !== null && entry.responseStatus < 500) {
      entry.status = entry.responseStatus >= 200 && entry.responseStatus < 300 ? 'delivered' : 'failed';
      return;
    }
    const delay = RETRY_DELAYS_MS[entry.attempts - 1];
    if (delay === undefined) entry.status = 'failed';
    else this.#wait(delay, () => this.#enqueue(parcel));
  }

  async #send({ entry, isForged }: QueuedDelivery, signal: AbortSignal): Promise<number> {
    const { key, deliver } = this.#options;
    const body = new TextEncoder().encode(entry.payload);
    const headers = {
      'content-type': 'application/json',
      'rtk-signature': await key.sign(isForged ? new TextEncoder().encode(`${entry.payload} `) : body),
      'rtk-uuid': entry.uuid,
      'rtk-webhook-id': entry.webhookId,
    };
    // A redirect is an answer that is not 2xx, and no invitation.
    const response = await deliver(entry.url, { method: 'POST', headers, body, redirect: 'manual', signal });
    await response.arrayBuffer();
    return response.status;
  }

  /** Evenly spread, so that a share of 0.5 is every second one. */
  #nextIsForged(): boolean {
    this.#forgery += this.#options.settings().badSignatureRatio;
    if (this.#forgery < 1) return false;
    this.#forgery -= 1;
    return true;
  }

  #wait(milliseconds: number, callback: () => void): void {
    if (milliseconds === 0) {
      callback();
      return;
    }
    const cancel = this.#options.clock.after(milliseconds, () => {
      this.#waits.delete(cancel);
      callback();
    });
    this.#waits.add(cancel);
  }
}
