import { LRUCache } from 'lru-cache';

import type { ChangedIds, Livestream } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';

/*
 * What is known of webhooks: which events to handle, and whether webhooks can be relied on. An event is signed, but not
 * necessarily the app's own: RealtimeKit signs those of all its customers with the same key, and a signature stays valid for ever.
 */

/** How long the events about one livestream are collected after one was handled. */
const COLLECTING_MS = 2000;
/** Webhooks count as arriving for this long after the last one that concerned the app. */
const EXPIRE_AFTER_MS = 3_600_000;
/** How many livestreams and meetings are remembered that may turn out to be the app's. */
const MAX_UNCONFIRMED = 1000;

/**
 * Makes many events about one livestream cost little: the first one is handled at once, and the last one of those that follow within
 * 2 seconds after that time, so that the last state is always read.
 */
export function createEventCollector(clock: Clock, handle: (ids: ChangedIds) => void) {
  /** By the id of the livestream, or else of the meeting. */
  const collecting = new Map<string, { last: ChangedIds | null; cancel: () => void }>();
  let isClosed = false;

  function collect(ids: ChangedIds): void {
    if (isClosed) return handle(ids);
    const key = ids.livestreamId ?? ids.meetingId ?? '';
    const current = collecting.get(key);
    if (current !== undefined) {
      // Not every event names the livestream's meeting.
      current.last = { ...ids, meetingId: ids.meetingId ?? current.last?.meetingId ?? null };
      return undefined;
    }
    const cancel = clock.after(COLLECTING_MS, () => {
      const last = collecting.get(key)?.last ?? null;
      collecting.delete(key);
      if (last !== null) collect(last);
    });
    collecting.set(key, { last: null, cancel });
    handle(ids);
  }

  return {
    collect,
    /** Handles at once what has been collected, and every later event. */
    close(): void {
      isClosed = true;
      for (const { last, cancel } of collecting.values()) {
        cancel();
        if (last !== null) handle(last);
      }
      collecting.clear();
    },
  };
}

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
