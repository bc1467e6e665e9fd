import { hasEnded, isActive, isSameVisibleState } from '../domain/livestreamState.ts';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../lib/clock.ts';
import type { Livestream } from '../domain/models.ts';
import type { Account } from '../data/account.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { sleep } from '../lib/timeout.ts';
import type { Operation } from '../data/operation.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { Subscriber, Subscribers } from './subscribers.ts';
import { type LiveState, type PublishedState } from './types.ts';

export interface PublisherOptions {
  account: Account;
  dataSource: DataSource;
  clock: Clock;
  subscribers: Subscribers;
  newOperation: () => Operation;
  /** It was told that a livestream is not as it was before; undefined: nobody had been told of it. */
  onPublished: (livestream: Livestream, before: Livestream | undefined) => void;
}

/** Makes news of what answers tell: puts it in order, and tells readers what they do not know. */
export interface Publisher {
  /** What readers were told last, by livestream: of those only that somebody is to be told more of. */
  published: ReadonlyMap<string, PublishedState>;
  /** Gives a reader that comes the present state. */
  sendInitialState(reader: Subscriber, livestream: Livestream): void;
  onLivestream(livestream: Livestream, moment: HybridTimestamp): void;
  onSession(livestreamId: string, sessionId: string | null, moment: HybridTimestamp): void;
  /** A reader could not read the session of this one. */
  requeue(id: string): void;
  /** Reads what was missed, and tells those again who missed it. */
  resendNacked(): Promise<void>;
  /** Forgets what nobody is to be told more of. */
  prune(): void;
}

/** How long a change waits for the session that belongs to it, in milliseconds. */
const SESSION_TAKES = 2000;
/** Of how many livestreams it is remembered when the last answer came. */
const MOST_ANSWERS = 10_000;

export function createPublisher(options: PublisherOptions): Publisher {
  const { account, dataSource, clock, subscribers, newOperation } = options;
  const { reads } = dataSource;
  const published = new Map<string, PublishedState>();
  /** When the answer came that readers were told last, by livestream; also of what has ended, of which no more is told. */
  const answers = new LRUCache<string, number>({ max: MOST_ANSWERS });
  /** Livestreams whose session a reader could not read. */
  const missed = new Set<string>();
  /** By livestream: what is being settled. */
  const settling = new Map<string, Promise<void>>();
  const latest = (id: string): Livestream | null | undefined => reads.livestream.getAnyAge(account.id, id);

  /** Tells all who are to know, unless something newer was told. `sessionId` undefined: as far as that is known. */
  function publish(livestream: Livestream, timestamp: HybridTimestamp, sessionId?: string | null): void {
    const { id } = livestream;
    const last = published.get(id);
    if (last !== undefined && last.timestamp.logical > timestamp.logical) return;
    // Of what has ended only those are told who knew that it ran, or asked for it by name.
    const isNews = isActive(livestream) || (last !== undefined && isActive(last.livestream));
    const concerned = subscribers.matching(livestream).filter(({ target }) => isNews || target.livestreamId === id);
    if (concerned.length === 0) return;
    const session = sessionId === undefined ? sessionOf(livestream, last) : sessionId;
    const state: LiveState = { livestream, sessionId: session };
    published.set(id, { ...state, timestamp });
    answers.set(id, reads.now().logical);
    // Whoever asks for its session now is not to get the one that has ended with it.
    if (hasEnded(livestream)) reads.activeSession.set(account.id, id, null, timestamp);
    const isSame = last !== undefined && isSameVisibleState(last.livestream, livestream) && last.sessionId === session;
    if (!isSame) for (const { queue } of concerned) queue.push(id, state);
    if (!isKept(livestream)) published.delete(id);
    if (!isSame) options.onPublished(livestream, last?.livestream);
  }

  function sessionOf(livestream: Livestream, last: LiveState | undefined): string | null | undefined {
    if (hasEnded(livestream)) return null;
    const held = reads.activeSession.getAnyAge(account.id, livestream.id);
    // That there is none may be newer than what is known of the livestream, which then has ended.
    if (held) return held.id;
    return last !== undefined && isSameVisibleState(last.livestream, livestream) ? last.sessionId : undefined;
  }

  /** Whether it has to be remembered what was told of it. */
  function isKept(livestream: Livestream): boolean {
    return subscribers.isTracked(livestream.id) || (isActive(livestream) && subscribers.hasMatch(livestream));
  }

  /**
   * Of two answers that were under way at the same time nobody knows which is newer: where this one tells something else than readers
   * know, it is read again.
   */
  function isAmbiguous(livestream: Livestream, { logical }: HybridTimestamp): boolean {
    const last = published.get(livestream.id)?.livestream;
    const isOther = last === undefined ? isActive(livestream) : !isSameVisibleState(last, livestream);
    return isOther && logical < (answers.get(livestream.id) ?? 0);
  }

  /** As it is now; what that tells is told by itself. */
  const readNow = async (id: string): Promise<Livestream | null> =>
    reads.livestream.get(newOperation(), id, reads.now());

  /** It has changed: its session is looked up before anybody is told, so that both are told at once. */
  async function publishWithSession(livestream: Livestream, moment: HybridTimestamp): Promise<void> {
    const { id } = livestream;
    await settling.get(id);
    const last = published.get(id);
    if (last !== undefined && last.timestamp.logical >= moment.logical) return;
    if (isAmbiguous(livestream, moment)) return void (await readNow(id));
    const isOther = last !== undefined && !isSameVisibleState(last.livestream, latest(id) ?? livestream);
    // What came in the same answer is new enough.
    const since = { ...moment, logical: moment.logical - 1 };
    if (isOther && isActive(livestream)) await lookUpSession(id, since);
    const now = latest(id) ?? livestream;
    if (!isActive(now) || reads.activeSession.getAnyAge(account.id, id) !== null) return publish(now, moment);
    // It has ended by now, which is told by itself, or it runs without one.
    const again = await readNow(id);
    if (again !== null && isSameVisibleState(again, now)) publish(again, moment, null);
  }

  /** Waits for it, but not for long: a session that cannot be read is no reason to tell nothing. */
  async function lookUpSession(id: string, since: HybridTimestamp): Promise<void> {
    const waiting = new AbortController();
    const read = reads.activeSession.get(newOperation(), id, since).finally(() => waiting.abort());
    await Promise.race([read, sleep(SESSION_TAKES, clock, waiting.signal)]).catch(() => {});
  }

  /** There is no session of what is believed to run: it has ended, or it runs without one. */
  async function settleWithout(id: string): Promise<void> {
    await settling.get(id);
    if (!published.has(id)) return;
    const livestream = await readNow(id);
    const last = published.get(id);
    const isNone = reads.activeSession.getAnyAge(account.id, id) === null;
    if (livestream === null || last === undefined || !isNone || !isSameVisibleState(livestream, last.livestream))
      return;
    publish(livestream, last.timestamp, null);
  }

  function serialize(id: string, work: () => Promise<void>): void {
    const done = work()
      .catch(() => {})
      .finally(() => {
        if (settling.get(id) === done) settling.delete(id);
      });
    settling.set(id, done);
  }

  return {
    published,
    sendInitialState({ target, queue }, livestream) {
      const { id } = livestream;
      // It may have come from memory: whatever was read goes before it.
      if (!published.has(id)) publish(livestream, { logical: 0, wallTime: clock.now() });
      const known = published.get(id);
      const now = latest(id) ?? known?.livestream ?? livestream;
      if (!isActive(now) && target.livestreamId === null) return;
      const isKnown = known !== undefined && isSameVisibleState(known.livestream, now);
      queue.push(id, { livestream: now, sessionId: isKnown ? known.sessionId : sessionOf(now, known) });
    },
    onLivestream(livestream, timestamp) {
      const { id } = livestream;
      if (!subscribers.hasMatch(livestream)) return;
      const last = published.get(id);
      const held = latest(id);
      // An answer that a newer one has overtaken.
      if (held !== undefined && held !== livestream) return;
      if (last !== undefined && last.timestamp.logical >= timestamp.logical) return;
      if (last !== undefined && isSameVisibleState(last.livestream, livestream)) {
        published.set(id, { ...last, livestream, timestamp });
        answers.set(id, reads.now().logical);
      } else if (last !== undefined || isAmbiguous(livestream, timestamp))
        serialize(id, () => publishWithSession(livestream, timestamp));
      else publish(livestream, timestamp);
    },
    onSession(id, sessionId, moment) {
      const last = published.get(id);
      if (last === undefined || last.timestamp.logical > moment.logical || last.sessionId === sessionId) return;
      if (sessionId === null && isActive(last.livestream)) serialize(id, () => settleWithout(id));
      else publish(latest(id) ?? last.livestream, moment, sessionId);
    },
    requeue: (id) => void missed.add(id),
    async resendNacked() {
      const operation = newOperation();
      for (const id of missed) {
        if (published.has(id)) await reads.activeSession.get(operation, id, reads.now());
        missed.delete(id);
        const state = published.get(id);
        if (state !== undefined) for (const { queue } of subscribers.matching(state.livestream)) queue.push(id, state);
      }
    },
    prune() {
      for (const [id, { livestream }] of published) if (!isKept(livestream)) published.delete(id);
    },
  };
}
