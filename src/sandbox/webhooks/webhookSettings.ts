import { BadInput, Fields } from '../fields.ts';

const ORDERS = ['kept', 'reversed', 'shuffled'] as const;
const STATUSES = ['documented', 'all'] as const;
const STOPPED = ['OFFLINE', 'IDLE'] as const;

/** So that a slip of the keyboard does not flood a receiver. */
const MOST_COPIES = 100;

/** How the registered webhooks are called. */
export interface WebhookSettings {
  /** False: nothing is sent, and what happens meanwhile is never told. */
  enabled: boolean;
  /** How often each delivery is sent, always with the same `rtk-uuid`. */
  copies: number;
  /** How long after the change a delivery is sent. */
  lateMs: number;
  /** In which order the deliveries of one batch are sent. */
  order: (typeof ORDERS)[number];
  /** Unless their order is kept, deliveries are gathered for this long before they are sent. */
  batchMs: number;
  /** Which part of the deliveries, from 0 to 1 and evenly spread, has a signature that is not of its body. */
  badSignatureShare: number;
  /**
   * `documented`: LIVE, and an end of any kind; that a livestream is INVOKED or ERRORED or has got its playback URL, only reads tell.
   * `all`: these too, an ERRORED one by that word, a playback URL that appears by the same status once more.
   */
  statuses: (typeof STATUSES)[number];
  /** The word for an end. */
  stopped: (typeof STOPPED)[number];
}

/** As the vendor's guide describes it. */
export const DEFAULT_WEBHOOK_SETTINGS: WebhookSettings = {
  enabled: true,
  copies: 1,
  lateMs: 0,
  order: 'kept',
  batchMs: 1000,
  badSignatureShare: 0,
  statuses: 'documented',
  stopped: 'OFFLINE',
};

/** `current` with the changes of `patch`; throws `BadInput`, changing nothing. */
export function mergeWebhookSettings(current: WebhookSettings, patch: unknown): WebhookSettings {
  const fields = new Fields(patch, 'webhooks');
  const merged = {
    enabled: fields.boolean('enabled') ?? current.enabled,
    copies: fields.number('copies', { min: 1, integer: true }) ?? current.copies,
    lateMs: fields.number('lateMs') ?? current.lateMs,
    order: fields.choice('order', ORDERS) ?? current.order,
    batchMs: fields.number('batchMs') ?? current.batchMs,
    badSignatureShare: fields.number('badSignatureShare') ?? current.badSignatureShare,
    statuses: fields.choice('statuses', STATUSES) ?? current.statuses,
    stopped: fields.choice('stopped', STOPPED) ?? current.stopped,
  };
  fields.end();
  if (merged.copies > MOST_COPIES) throw new BadInput(`webhooks.copies must be at most ${MOST_COPIES}`);
  if (merged.badSignatureShare > 1) throw new BadInput('webhooks.badSignatureShare must be at most 1');
  return merged;
}
