import * as v from 'valibot';

import { boolean, choice, number, object } from '../input.ts';

/** How deliveries are sent to webhooks; by default as the vendor documents them. */
export const WEBHOOK_SETTINGS = object({
  /** False if nothing is sent. Events that occur meanwhile are never sent. */
  enabled: v.optional(boolean, true),
  /** How many times each delivery is sent, always with the same `rtk-uuid`. The maximum limits the damage of a typing error. */
  copies: v.optional(number({ min: 1, max: 100, integer: true }), 1),
  /** The time from an event to its delivery. */
  delayMs: v.optional(number(), 0),
  /** The order of the deliveries in a batch. */
  order: v.optional(choice(['original', 'reversed', 'shuffled']), 'original'),
  /** How long deliveries are collected into a batch before they are sent, unless `order` is `original`. */
  batchMs: v.optional(number(), 1000),
  /** The fraction of deliveries, from 0 to 1, that have a wrong signature. They are spread evenly. */
  badSignatureRatio: v.optional(number({ max: 1 }), 0),
  /**
   * Which changes are sent. `documented`: LIVE, and any end, as `endStatus`. `all`: INVOKED, too; ERRORED as such; and a playback URL
   * that becomes visible later, as a second event with the same status.
   */
  statuses: v.optional(choice(['documented', 'all']), 'documented'),
  /** The status of the event for a livestream's end. */
  endStatus: v.optional(choice(['OFFLINE', 'IDLE']), 'OFFLINE'),
});

export type WebhookSettings = v.InferOutput<typeof WEBHOOK_SETTINGS>;
