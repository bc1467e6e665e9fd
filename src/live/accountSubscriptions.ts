import type { ChangedIds } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { badInput } from '../domain/errors.ts';
import type { Livestream } from '../domain/models.ts';
import type { Account } from '../data/account.ts';
import type { Moment } from '../cluster/hybridClock.ts';
import type { Operation } from '../data/operation.ts';
import type { Upstream } from '../data/dataSource.ts';
import { readActive } from './activeLivestreams.ts';
import { createMailbox, type Mailbox } from './latestValueQueue.ts';
import type { LivePace } from './pollIntervals.ts';
import { createNews } from './publisher.ts';
import { createPoller } from './poller.ts';
import { createReaders, type Reader } from './subscribers.ts';
import { isAbout, isSameState, type LiveReader, type LiveState, type Target } from './types.ts';

/** All who watch livestreams on one account's expense. */
export interface AccountWatch {
  /** The present state, then each change. Rejects with `BAD_USER_INPUT` when there is no such livestream. `onEnd` is called once. */
  subscribe(target: Target, signal: AbortSignal, onEnd: () => void): Promise<LiveReader>;
  /** An answer to anybody told this. */
  livestreamSeen(livestream: Livestream, moment: Moment): void;
  sessionSeen(livestreamId: string, sessionId: string | null, moment: Moment): void;
  /** Somebody changed something of these: where they are watched, they are read back. */
  changed(ids: ChangedIds, moment: Moment): void;
  isWatched(): boolean;
  /** All readers get this error. */
  end(error: Error): void;
}

export interface AccountWatchOptions {
  account: Account;
  upstream: Upstream;
  clock: Clock;
  pace: LivePace;
  /** How old answers may get under the budget's pressure, in milliseconds: nothing is looked at more often. */
  leastAge: () => number;
  /** Whether webhooks tell of changes. */
  isTold: () => boolean;
  /** A livestream's status was seen to have changed. */
  turned: (livestream: Livestream) => void;
}

export function createAccountWatch(options: AccountWatchOptions): AccountWatch {
  const { account, upstream } = options;
  const { reads } = upstream;
  const readers = createReaders();
  let leaving = new AbortController();

  const begin = (see: (livestream: Livestream) => void = () => {}): Operation =>
    upstream.operation(account, leaving.signal, see);

  function changed(livestream: Livestream, before: Livestream | undefined): void {
    if (before !== undefined && before.status !== livestream.status) options.turned(livestream);
    poller.hurry();
  }

  const news = createNews({ ...options, readers, begin, changed });
  const poller = createPoller({
    ...options,
    begin,
    told: news.told,
    watched: () => readers.watched(),
    refused: (error) => end(error),
    retry: async () => news.retry(),
  });

  function asReader(mailbox: Mailbox<LiveState>): LiveReader {
    const missed = (livestreamId: string): void => {
      mailbox.forget(livestreamId);
      news.missed(livestreamId);
    };
    return Object.assign(mailbox, { missed });
  }

  function end(error: Error): void {
    for (const { mailbox } of readers.clear()) mailbox.fail(error);
    stop(error);
  }

  function stop(reason: Error): void {
    poller.stop();
    news.tidy();
    leaving.abort(reason);
    leaving = new AbortController();
  }

  function leave(reader: Reader): void {
    readers.delete(reader);
    if (readers.size() === 0) stop(new Error('Nobody watches any more.'));
    else news.tidy();
  }

  /** Whatever is true for `target` now. */
  async function present(target: Target): Promise<Livestream[]> {
    const operation = begin();
    const { livestreamId, meetingId } = target;
    if (livestreamId !== null) {
      const livestream = await reads.livestream.read(operation, livestreamId);
      if (livestream === null || !isAbout(target, livestream)) throw badInput('There is no such livestream.');
      return [livestream];
    }
    if (meetingId !== null) {
      const active = await reads.activeLivestream.read(operation, meetingId);
      const livestream = active && (await reads.livestream.read(operation, active.id));
      return livestream === null ? [] : [livestream];
    }
    return (await readActive(upstream, operation)).livestreams;
  }

  return {
    async subscribe(target, signal, onEnd) {
      // While the first states are read nobody holds what could be ended.
      const hangUp = (): void => void mailbox.return();
      const mailbox = createMailbox<LiveState>({
        isSame: isSameState,
        onEnd() {
          signal.removeEventListener('abort', hangUp);
          leave(reader);
          onEnd();
        },
      });
      const reader: Reader = { target, mailbox };
      // Before it is read: nothing that happens meanwhile is missed.
      readers.add(reader);
      signal.addEventListener('abort', hangUp, { once: true });
      try {
        signal.throwIfAborted();
        for (const livestream of await present(target)) news.introduce(reader, livestream);
      } catch (error) {
        // All readers were sent away meanwhile: this one gets the same error as they, in the same way.
        if (!readers.has(reader)) return asReader(mailbox);
        await mailbox.return();
        throw error;
      }
      if (readers.size() > 0) poller.start();
      return asReader(mailbox);
    },
    livestreamSeen: (...seen) => news.livestreamSeen(...seen),
    sessionSeen: (...seen) => news.sessionSeen(...seen),
    changed(ids, moment) {
      if (isConcerned(ids)) poller.lookAt(ids, moment);
    },
    isWatched: () => readers.size() > 0,
    end,
  };

  /** Whether somebody watches one of these, as far as it is known which meeting a livestream is of. */
  function isConcerned({
    livestreamId,
    meetingId,
  }: {
    livestreamId: string | null;
    meetingId: string | null;
  }): boolean {
    const { meetingIds, isAll } = readers.watched();
    if (isAll || (livestreamId !== null && readers.isNamed(livestreamId))) return true;
    if (meetingId === null ? meetingIds.length > 0 : meetingIds.includes(meetingId)) return true;
    return [...news.told.values()].some(
      ({ livestream }) => livestreamId === null && livestream.meetingId === meetingId,
    );
  }
}
