import type { WebhookEventName } from './registry.ts';

/** One copy of a delivery. */
export interface Delivery {
  /** `rtk-uuid`: the same for all copies and attempts. */
  uuid: string;
  webhookId: string;
  event: WebhookEventName;
  url: string;
  /** The JSON that is sent, as text. */
  payload: string;
  /** When what it tells happened, by the sandbox's clock: ISO 8601. */
  occurredAt: string;
  /** `pending`: not sent yet, on its way, or to be tried again. `failed`: given up. */
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  /** The last HTTP status received; null: none yet, or the connection failed. */
  responseStatus: number | null;
}

/** The deliveries, oldest first, and how many there were since the log was last emptied. */
export interface DeliveryReport {
  deliveries: Delivery[];
  /** All that were made, those that the log no longer holds too. */
  total: number;
  /** Requests that wait for their turn or their answer now; waits on the clock do not count. */
  inFlight: number;
}

const MAX_ENTRIES = 2000;

/** The deliveries made, bounded to the last 2,000. */
export class DeliveryLog {
  #deliveries: Delivery[] = [];
  #made = 0;

  /** Notes a delivery, and gives the entry for whoever carries it out to keep up to date. */
  add(delivery: Omit<Delivery, 'status' | 'attempts' | 'responseStatus'>): Delivery {
    const entry: Delivery = { ...delivery, status: 'pending', attempts: 0, responseStatus: null };
    this.#deliveries.push(entry);
    this.#made += 1;
    // In blocks, so that a full log does not move all of itself at every delivery.
    if (this.#deliveries.length > 2 * MAX_ENTRIES) this.#deliveries = this.#deliveries.slice(-MAX_ENTRIES);
    return entry;
  }

  report(inFlight: number): DeliveryReport {
    const deliveries = structuredClone(this.#deliveries.slice(-MAX_ENTRIES));
    return { deliveries, total: this.#made, inFlight };
  }

  clear(): void {
    this.#deliveries = [];
    this.#made = 0;
  }
}
