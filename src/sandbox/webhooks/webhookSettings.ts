import { InputError, Fields } from '../fields.ts';

const ORDERS = ['original', 'reversed', 'shuffled'] as const;
const STATUSES = ['documented', 'all'] as const;
const END_STATUSES = ['OFFLINE', 'IDLE'] as const;

/** Limits the damage of a typing error. */
const MAX_COPIES = 100;

/** How deliveries are sent to webhooks. */
export interface WebhookSettings {
  /** False if nothing is sent. Events that occur meanwhile are never sent. */
  enabled: boolean;
  /** How many times each delivery is sent, always with the same `rtk-uuid`. */
  copies: number;
  /** The time from an event to its delivery. */
  delayMs: number;
  /** The order of the deliveries in a batch. */
  order: (typeof ORDERS)[number];
  /** How long deliveries are collected into a batch before they are sent, unless `order` is `original`. */
  batchMs: number;
  /** The fraction of deliveries, from 0 to 1, that have a wrong signature. They are spread evenly. */
  badSignatureRatio: number;
  /**
   * Which changes are sent. `documented`: LIVE, and any end, as `endStatus`. `all`: INVOKED, too; ERRORED as such; and a playback URL
   * that becomes visible later, as a second event with the same status.
   */
  statuses: (typeof STATUSES)[number];
  /** The status of the event for a livestream's end. */
  endStatus: (typeof END_STATUSES)[number];
}

/** Webhooks as the vendor documents them. */
export const DEFAULT_WEBHOOK_SETTINGS: WebhookSettings = {
  enabled: true,
  copies: 1,
  delayMs: 0,
  order: 'original',
  batchMs: 1000,
  badSignatureRatio: 0,
  statuses: 'documented',
  endStatus: 'OFFLINE',
};

/** Returns `current` with the changes of `patch`; throws an `InputError` for an unknown key or an invalid value. */
export function mergeWebhookSettings(current: WebhookSettings, patch: unknown): WebhookSettings {
  const fields = new Fields(patch, 'webhooks');
  const merged = {
    enabled: fields.boolean('enabled') ?? current.enabled,
    copies: fields.number('copies', { min: 1, integer: true }) ?? current.copies,
    delayMs: fields.number('delayMs') ?? current.delayMs,
    order: fields.choice('order', ORDERS) ?? current.order,
    batchMs: fields.number('batchMs') ?? current.batchMs,
    badSignatureRatio: fields.number('badSignatureRatio') ?? current.badSignatureRatio,
    statuses: fields.choice('statuses', STATUSES) ?? current.statuses,
    endStatus: fields.choice('endStatus', END_STATUSES) ?? current.endStatus,
  };
  fields.rejectUnknownKeys();
  if (merged.copies > MAX_COPIES) throw new InputError(`webhooks.copies must be at most ${MAX_COPIES}`);
  if (merged.badSignatureRatio > 1) throw new InputError('webhooks.badSignatureRatio must be at most 1');
  return merged;
}
