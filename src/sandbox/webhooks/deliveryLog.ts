import type { WebhookEventName } from './registry.ts';

/** A delivery of an event to a webhook; one of several if the settings ask for copies. */
export interface Delivery {
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

/** The log and its counters. */
export interface DeliveryReport {
  /** The last 2,000 deliveries, oldest first. */
  deliveries: Delivery[];
  /** All deliveries since the log was last cleared, including those that are no longer in it. */
  total: number;
  /** Requests that are queued or have no response yet. Those that wait for a timer do not count. */
  inFlight: number;
}

const MAX_ENTRIES = 2000;

/** A log of the last 2,000 deliveries. */
export class DeliveryLog {
  #deliveries: Delivery[] = [];
  #total = 0;

  /** Logs a delivery, and returns the entry, which the sender updates. */
  add(delivery: Omit<Delivery, 'status' | 'attempts' | 'responseStatus'>): Delivery {
    const entry: Delivery = { ...delivery, status: 'pending', attempts: 0, responseStatus: null };
    this.#deliveries.push(entry);
    this.#total += 1;
    // Removes entries in blocks, because each removal copies the log.
    if (this.#deliveries.length > 2 * MAX_ENTRIES) this.#deliveries = this.#deliveries.slice(-MAX_ENTRIES);
    return entry;
  }

  report(inFlight: number): DeliveryReport {
    const deliveries = structuredClone(this.#deliveries.slice(-MAX_ENTRIES));
    return { deliveries, total: this.#total, inFlight };
  }

  clear(): void {
    this.#deliveries = [];
    this.#total = 0;
  }
}
