import type { MutationError, StartInput } from '../domain/startStop.ts';
import type { LRUCache } from 'lru-cache';

import type { LivestreamRef } from '../domain/models.ts';
import type { Cache } from './cache/cache.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import type { StartOutcome, StopOutcome } from '../domain/startStop.ts';
import type { Operation } from './operation.ts';
import type { PendingName, ChangeListener } from './changeFeed.ts';
import { livestreamTag, meetingTag, ANY_SESSION, ALL_LISTS } from './cache/tags.ts';

/** What was asked to be started. */
export type Started = Pick<StartInput, 'meetingId' | 'name'>;

/** What starts and stops do to that which is kept: it is void at once, and what is known for sure is put in its place. */
export interface MutationEffects {
  /** A start was sent at this moment, with this outcome. */
  started(operation: Operation, input: Started, outcome: StartOutcome, sentAt: HybridTimestamp): void;
  /** A stop was sent at this moment, with this outcome. */
  stopped(operation: Operation, meetingId: string, outcome: StopOutcome, sentAt: HybridTimestamp): void;
}

export interface MutationEffectsOptions {
  cache: Cache;
  activeLivestream: CachedQuery<string, LivestreamRef | null>;
  /** Names that were sent with a start, by account and livestream. */
  pendingNames: LRUCache<string, string>;
  observer: Pick<ChangeListener, 'onMeeting'>;
}

export function createMutationEffects({
  cache,
  activeLivestream,
  pendingNames,
  observer,
}: MutationEffectsOptions): MutationEffects {
  /** The meeting's livestream is another than before; `now` undefined: which one is not known. */
  function invalidateMeeting(
    operation: Operation,
    meetingId: string,
    now: LivestreamRef | null | undefined,
    sentAt: HybridTimestamp,
    named: PendingName | null = null,
  ): void {
    const { id } = operation.account;
    // Of two mutations that overlap nobody knows which was carried out last.
    const isConcurrent = cache.isInvalidated(id, [meetingTag(meetingId)], sentAt);
    const before = activeLivestream.getAnyAge(id, meetingId);
    const touched = [before, now].flatMap((value) => (value ? [livestreamTag(value.id)] : []));
    const moment = cache.invalidate(id, [ALL_LISTS, meetingTag(meetingId), ANY_SESSION, ...touched]);
    // It was so when the mutation was carried out, which may have been at once.
    if (now !== undefined && !isConcurrent)
      activeLivestream.set(id, meetingId, now, { ...moment, wallTime: sentAt.wallTime });
    observer.onMeeting(id, meetingId, cache.now(), named);
  }

  /** A mutation that was refused changes nothing, but may show that what is known of the meeting is not so. */
  function onRejected(operation: Operation, meetingId: string, { code }: MutationError, sentAt: HybridTimestamp): void {
    if (code === 'OUTCOME_UNKNOWN') invalidateMeeting(operation, meetingId, undefined, sentAt);
    else if (code !== 'BAD_USER_INPUT') cache.invalidate(operation.account.id, [meetingTag(meetingId)]);
  }

  return {
    started(operation, { meetingId, name }, outcome, sentAt) {
      if ('userError' in outcome) return onRejected(operation, meetingId, outcome.userError, sentAt);
      const { livestream } = outcome;
      if (name !== null) pendingNames.set(`${operation.account.id} ${livestream.id}`, name);
      return invalidateMeeting(
        operation,
        meetingId,
        livestream,
        sentAt,
        name === null ? null : { id: livestream.id, name },
      );
    },
    stopped(operation, meetingId, outcome, sentAt) {
      return 'userError' in outcome
        ? onRejected(operation, meetingId, outcome.userError, sentAt)
        : invalidateMeeting(operation, meetingId, null, sentAt);
    },
  };
}
