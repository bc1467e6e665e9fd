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
  at: string;
  /** `pending`: not sent yet, on its way, or to be tried again. `failed`: given up. */
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  /** The last HTTP status received; null: none yet, or the connection failed. */
  answer: number | null;
}

/** The deliveries, oldest first, and how many there were since the log was last emptied. */
export interface DeliveryReport {
  deliveries: Delivery[];
  /** All that were made, those that the log no longer holds too. */
  made: number;
  /** Requests that wait for their turn or their answer now; waits on the clock do not count. */
  underWay: number;
}

const MOST_KEPT = 2000;

/** The deliveries made, bounded to the last 2,000. */
export class DeliveryLog {
  #deliveries: Delivery[] = [];
  #made = 0;

  /** Notes a delivery, and gives the entry for whoever carries it out to keep up to date. */
  enter(delivery: Omit<Delivery, 'status' | 'attempts' | 'answer'>): Delivery {
    const entry: Delivery = { ...delivery, status: 'pending', attempts: 0, answer: null };
    this.#deliveries.push(entry);
    this.#made += 1;
    // In blocks, so that a full log does not move all of itself at every delivery.
    if (this.#deliveries.length > 2 * MOST_KEPT) this.#deliveries = this.#deliveries.slice(-MOST_KEPT);
    return entry;
  }

  report(underWay: number): DeliveryReport {
    const deliveries = structuredClone(this.#deliveries.slice(-MOST_KEPT));
    return { deliveries, made: this.#made, underWay };
  }

  clear(): void {
    this.#deliveries = [];
    this.#made = 0;
  }
}
