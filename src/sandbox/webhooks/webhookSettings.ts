import { InputError, Fields } from '../fields.ts';

const ORDERS = ['original', 'reversed', 'shuffled'] as const;
const STATUSES = ['documented', 'all'] as const;
const STOPPED = ['OFFLINE', 'IDLE'] as const;

/** So that a slip of the keyboard does not flood a receiver. */
const MAX_COPIES = 100;

/** How the registered webhooks are called. */
export interface WebhookSettings {
  /** False: nothing is sent, and what happens meanwhile is never told. */
  enabled: boolean;
  /** How often each delivery is sent, always with the same `rtk-uuid`. */
  copies: number;
  /** How long after the change a delivery is sent. */
  delayMs: number;
  /** In which order the deliveries of one batch are sent. */
  order: (typeof ORDERS)[number];
  /** Unless their order is kept, deliveries are gathered for this long before they are sent. */
  batchMs: number;
  /** Which part of the deliveries, from 0 to 1 and evenly spread, has a signature that is not of its body. */
  badSignatureRatio: number;
  /**
   * `documented`: LIVE, and an end of any kind; that a livestream is INVOKED or ERRORED or has got its playback URL, only reads tell.
   * `all`: these too, an ERRORED one by that word, a playback URL that appears by the same status once more.
   */
  statuses: (typeof STATUSES)[number];
  /** The word for an end. */
  endStatus: (typeof STOPPED)[number];
}

/** As the vendor's guide describes it. */
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

/** `current` with the changes of `patch`; throws `BadInput`, changing nothing. */
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
    endStatus: fields.choice('endStatus', STOPPED) ?? current.endStatus,
  };
  fields.rejectUnknownKeys();
  if (merged.copies > MAX_COPIES) throw new InputError(`webhooks.copies must be at most ${MAX_COPIES}`);
  if (merged.badSignatureRatio > 1) throw new InputError('webhooks.badSignatureRatio must be at most 1');
  return merged;
}
