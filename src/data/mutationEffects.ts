import type { Refusal, StartInput } from '../domain/startStop.ts';
import type { LRUCache } from 'lru-cache';

import type { LivestreamRef } from '../domain/models.ts';
import type { Cache } from './cache/cache.ts';
import type { Moment } from '../cluster/hybridClock.ts';
import type { Kind } from './cache/cachedQuery.ts';
import type { StartOutcome, StopOutcome } from '../domain/startStop.ts';
import type { Operation } from './operation.ts';
import type { Named, Observer } from './changeFeed.ts';
import { aboutLivestream, aboutMeeting, ANY_SESSION, LISTS } from './cache/tags.ts';

/** What was asked to be started. */
export type Started = Pick<StartInput, 'meetingId' | 'name'>;

/** What starts and stops do to that which is kept: it is void at once, and what is known for sure is put in its place. */
export interface Effects {
  /** A start was sent at this moment, with this outcome. */
  started(operation: Operation, input: Started, outcome: StartOutcome, sentAt: Moment): void;
  /** A stop was sent at this moment, with this outcome. */
  stopped(operation: Operation, meetingId: string, outcome: StopOutcome, sentAt: Moment): void;
}

export interface EffectsOptions {
  cache: Cache;
  activeLivestream: Kind<string, LivestreamRef | null>;
  /** Names that were sent with a start, by account and livestream. */
  sentNames: LRUCache<string, string>;
  observer: Pick<Observer, 'meeting'>;
}

export function createEffects({ cache, activeLivestream, sentNames, observer }: EffectsOptions): Effects {
  /** The meeting's livestream is another than before; `now` undefined: which one is not known. */
  function changed(
    operation: Operation,
    meetingId: string,
    now: LivestreamRef | null | undefined,
    sentAt: Moment,
    named: Named | null = null,
  ): void {
    const { id } = operation.account;
    // Of two mutations that overlap nobody knows which was carried out last.
    const isMixed = cache.isVoid(id, [aboutMeeting(meetingId)], sentAt);
    const before = activeLivestream.held(id, meetingId);
    const touched = [before, now].flatMap((value) => (value ? [aboutLivestream(value.id)] : []));
    const moment = cache.changed(id, [LISTS, aboutMeeting(meetingId), ANY_SESSION, ...touched]);
    // It was so when the mutation was carried out, which may have been at once.
    if (now !== undefined && !isMixed) activeLivestream.put(id, meetingId, now, { ...moment, at: sentAt.at });
    observer.meeting(id, meetingId, cache.now(), named);
  }

  /** A mutation that was refused changes nothing, but may show that what is known of the meeting is not so. */
  function refused(operation: Operation, meetingId: string, { code }: Refusal, sentAt: Moment): void {
    if (code === 'OUTCOME_UNKNOWN') changed(operation, meetingId, undefined, sentAt);
    else if (code !== 'BAD_USER_INPUT') cache.changed(operation.account.id, [aboutMeeting(meetingId)]);
  }

  return {
    started(operation, { meetingId, name }, outcome, sentAt) {
      if ('refusal' in outcome) return refused(operation, meetingId, outcome.refusal, sentAt);
      const { livestream } = outcome;
      if (name !== null) sentNames.set(`${operation.account.id} ${livestream.id}`, name);
      return changed(operation, meetingId, livestream, sentAt, name === null ? null : { id: livestream.id, name });
    },
    stopped(operation, meetingId, outcome, sentAt) {
      return 'refusal' in outcome
        ? refused(operation, meetingId, outcome.refusal, sentAt)
        : changed(operation, meetingId, null, sentAt);
    },
  };
}
