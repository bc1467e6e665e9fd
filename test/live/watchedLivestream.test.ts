import { describe, expect, test } from 'vitest';

import type { LiveUpdate } from '../../src/data/liveFeed.ts';
import type { Livestream } from '../../src/domain/models.ts';
import { createLatestValueQueue } from '../../src/live/latestValueQueue.ts';
import { isSameState, type LiveState, type Subscriber } from '../../src/live/types.ts';
import { WatchedLivestream } from '../../src/live/watchedLivestream.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { livestreamOf } from './states.ts';

/** A watched livestream, whose reads the test answers, and a way to subscribe to it. */
function watch() {
  const clock = createFakeClock();
  const subscribers: Subscriber[] = [];
  const reads: PromiseWithResolvers<Livestream | null>[] = [];
  const sessionReads: PromiseWithResolvers<null>[] = [];
  let logical = 100;
  const updateOf = (livestream: Livestream, requestedAt: number): LiveUpdate => ({
    livestream,
    sessionId: undefined,
    timestamp: { logical: requestedAt, wallTime: clock.now() },
    arrivedAt: { logical: (logical += 1), wallTime: clock.now() },
  });
  const watched = new WatchedLivestream('a', {
    clock,
    feed: { track: () => {}, untrack: () => {} },
    reader: {
      async livestream() {
        const read = Promise.withResolvers<Livestream | null>();
        reads.push(read);
        return read.promise;
      },
      async session() {
        const read = Promise.withResolvers<null>();
        sessionReads.push(read);
        return read.promise;
      },
    },
    index: { subscribersOf: () => subscribers, isOfConcern: () => true, update: () => {} },
    onPublished: () => {},
  });
  return {
    watched,
    reads,
    sessionReads,
    /** A response that was requested at a logical time arrives. */
    receive: (livestream: Livestream, requestedAt: number) => watched.onUpdate(updateOf(livestream, requestedAt)),
    /** Adds a subscriber that has read `livestream`, and returns the next state that it receives. */
    subscribe: (livestream: Livestream) => {
      const queue = createLatestValueQueue<LiveState>({ isSame: isSameState, onEnd: () => {} });
      const subscriber = { target: { livestreamId: 'a', meetingId: null }, queue };
      subscribers.push(subscriber);
      watched.sendInitialState(subscriber, updateOf(livestream, 0));
      return async () => (await queue.next()).value?.livestream;
    },
  };
}

const LIVE = livestreamOf({ status: 'LIVE' });
const RENAMED = livestreamOf({ name: 'Renamed' });
const ENDED = livestreamOf({ status: 'OFFLINE' });

describe('a watched livestream', () => {
  test('sends a new subscriber the state that it has read', async () => {
    const { subscribe } = watch();
    expect(await subscribe(LIVE)()).toEqual(LIVE);
  });

  test('sends each changed state to every subscriber, and ignores responses that were requested earlier', async () => {
    const { subscribe, receive } = watch();
    const all = [subscribe(LIVE), subscribe(LIVE)];
    for (const next of all) expect(await next()).toEqual(LIVE);
    receive(ENDED, 200);
    receive(RENAMED, 199);
    for (const next of all) expect(await next()).toEqual(ENDED);
  });

  test('reads itself again if two responses were in flight at the same time and contradict each other', async () => {
    const { subscribe, receive, reads } = watch();
    const next = subscribe(LIVE);
    expect(await next()).toEqual(LIVE);
    receive(ENDED, 50);
    await expect.poll(() => reads.length).toBe(1);
    receive(ENDED, 200);
    reads[0]?.resolve(ENDED);
    expect(await next()).toEqual(ENDED);
  });

  test('sends a new subscriber the published state, not a newer one that is still ambiguous', async () => {
    const { subscribe, receive, reads } = watch();
    const first = subscribe(RENAMED);
    expect(await first()).toEqual(RENAMED);
    // An old response, which arrives late.
    receive(LIVE, 50);
    await expect.poll(() => reads.length).toBe(1);
    expect(await subscribe(LIVE)()).toEqual(RENAMED);
  });

  test('reads its session once at a time to send its state again, and once more after a failure', async () => {
    const { watched, subscribe, sessionReads } = watch();
    expect(await subscribe(LIVE)()).toEqual(LIVE);
    watched.requestResend();
    const resends = [watched.resend(), watched.resend()];
    expect(sessionReads).toHaveLength(1);
    sessionReads[0]?.reject(new Error('failed'));
    expect((await Promise.allSettled(resends)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    void watched.resend();
    void watched.resend();
    expect(sessionReads).toHaveLength(2);
  });
});
