import { LRUCache } from 'lru-cache';

import type { ChangedIds, Livestream } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';

/*
 * What is known of webhooks: whether they can be relied on. An event is signed, but not
 * necessarily the app's own: RealtimeKit signs those of all its customers with the same key, and a signature stays valid for ever.
 */

/** Webhooks count as arriving for this long after the last one that concerned the app. */
const EXPIRE_AFTER_MS = 3_600_000;
/** How many livestreams and meetings are remembered that may turn out to be the app's. */
const MAX_UNCONFIRMED = 1000;

/** Whether webhooks arrive. An event is evidence only once its livestream, or one in its meeting, was read: then it is the app's. */
export function createWebhookEvidence(clock: Clock) {
  /** When an event about this livestream or meeting arrived, in milliseconds since the Unix epoch. */
  const unconfirmed = new LRUCache<string, number>({ max: MAX_UNCONFIRMED });
  let lastWebhookAt = -Infinity;

  function confirm(id: string): void {
    lastWebhookAt = Math.max(lastWebhookAt, unconfirmed.get(id) ?? -Infinity);
    unconfirmed.delete(id);
  }

  return {
    onEvent({ livestreamId, meetingId }: ChangedIds): void {
      for (const id of [livestreamId, meetingId]) if (id !== null) unconfirmed.set(id, clock.now());
    },
    /** A response contains this livestream. */
    onRead({ id, meetingId }: Livestream): void {
      if (unconfirmed.size === 0) return;
      confirm(id);
      if (meetingId !== null) confirm(meetingId);
    },
    /** A change caused no webhook. */
    onMissing(): void {
      unconfirmed.clear();
      lastWebhookAt = -Infinity;
    },
    areArriving: (): boolean => clock.now() - lastWebhookAt < EXPIRE_AFTER_MS,
  };
}
