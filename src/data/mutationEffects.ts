import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { LivestreamRef } from '../domain/models.ts';
import type { MutationError, StartInput, StartOutcome, StopOutcome } from '../domain/startStop.ts';
import type { CachedQuery } from './cache/cachedQuery.ts';
import type { Invalidations } from './cache/invalidation.ts';
import { livestreamTag, meetingTag, ANY_SESSION, ALL_LISTS } from './cache/tags.ts';
import type { ChangeListener, PendingName } from './changeFeed.ts';
import type { Ingestion } from './ingestion.ts';
import type { Operation } from './operation.ts';

/** What starts and stops do to the cache: they invalidate what they changed, and cache the new state where it is certain. */
export type MutationEffects = ReturnType<typeof createMutationEffects>;

interface MutationEffectsOptions {
  cache: Invalidations;
  /** The query of the active livestream by meeting, which a mutation changes. */
  activeLivestream: Pick<CachedQuery<string, LivestreamRef | null>, 'getAnyAge' | 'set'>;
  ingestion: Pick<Ingestion, 'rememberName'>;
  listener: Pick<ChangeListener, 'onMeeting'>;
}

export function createMutationEffects({ cache, activeLivestream, ingestion, listener }: MutationEffectsOptions) {
  /** The meeting's active livestream has changed to `active`, which is undefined if unknown. */
  function invalidateMeeting(
    operation: Operation,
    meetingId: string,
    active: LivestreamRef | null | undefined,
    sentAt: HybridTimestamp,
    pendingName: PendingName | null = null,
  ): void {
    const { id } = operation.account;
    // Nobody knows which of two overlapping mutations upstream carried out last.
    const isConcurrent = cache.isInvalidated(id, [meetingTag(meetingId)], sentAt);
    const before = activeLivestream.getAnyAge(id, meetingId);
    const changedTags = [before, active].flatMap((value) => (value ? [livestreamTag(value.id)] : []));
    const invalidatedAt = cache.invalidate(id, [ALL_LISTS, meetingTag(meetingId), ANY_SESSION, ...changedTags]);
    // Upstream may have carried out the mutation as early as `sentAt`: the new state is as old as that.
    if (active !== undefined && !isConcurrent)
      activeLivestream.set(id, meetingId, active, { ...invalidatedAt, wallTime: sentAt.wallTime });
    listener.onMeeting(id, meetingId, cache.now(), pendingName);
  }

  /** A rejected mutation changes nothing, but may show that what is cached of the meeting is wrong. */
  function onRejected(operation: Operation, meetingId: string, { code }: MutationError, sentAt: HybridTimestamp): void {
    if (code === 'OUTCOME_UNKNOWN') invalidateMeeting(operation, meetingId, undefined, sentAt);
    else if (code !== 'BAD_USER_INPUT') cache.invalidate(operation.account.id, [meetingTag(meetingId)]);
  }

  return {
    /** The timestamp of a mutation that is about to be sent: pass it to `started` or `stopped` as `sentAt`. */
    now: cache.now,
    started(
      operation: Operation,
      { meetingId, name }: Pick<StartInput, 'meetingId' | 'name'>,
      outcome: StartOutcome,
      sentAt: HybridTimestamp,
    ): void {
      if ('userError' in outcome) return onRejected(operation, meetingId, outcome.userError, sentAt);
      const { livestream } = outcome;
      const pendingName = name === null ? null : { id: livestream.id, name };
      if (pendingName !== null) ingestion.rememberName(operation.account.id, pendingName);
      return invalidateMeeting(operation, meetingId, livestream, sentAt, pendingName);
    },
    stopped(operation: Operation, meetingId: string, outcome: StopOutcome, sentAt: HybridTimestamp): void {
      return 'userError' in outcome
        ? onRejected(operation, meetingId, outcome.userError, sentAt)
        : invalidateMeeting(operation, meetingId, null, sentAt);
    },
  };
}
