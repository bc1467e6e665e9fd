import { hasEnded, isActive, isSameVisibleState } from '../domain/livestreamState.ts';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../lib/clock.ts';
import type { Livestream } from '../domain/models.ts';
import type { Account } from '../data/account.ts';
import type { Moment } from '../cluster/hybridClock.ts';
import { sleep } from '../lib/timeout.ts';
import type { Operation } from '../data/operation.ts';
import type { Upstream } from '../data/dataSource.ts';
import type { Reader, Readers } from './subscribers.ts';
import { type LiveState, type Told } from './types.ts';

export interface NewsOptions {
  account: Account;
  upstream: Upstream;
  clock: Clock;
  readers: Readers;
  begin: () => Operation;
  /** It was told that a livestream is not as it was before; undefined: nobody had been told of it. */
  changed: (livestream: Livestream, before: Livestream | undefined) => void;
}

/** Makes news of what answers tell: puts it in order, and tells readers what they do not know. */
export interface News {
  /** What readers were told last, by livestream: of those only that somebody is to be told more of. */
  told: ReadonlyMap<string, Told>;
  /** Gives a reader that comes the present state. */
  introduce(reader: Reader, livestream: Livestream): void;
  livestreamSeen(livestream: Livestream, moment: Moment): void;
  sessionSeen(livestreamId: string, sessionId: string | null, moment: Moment): void;
  /** A reader could not read the session of this one. */
  missed(id: string): void;
  /** Reads what was missed, and tells those again who missed it. */
  retry(): Promise<void>;
  /** Forgets what nobody is to be told more of. */
  tidy(): void;
}

/** How long a change waits for the session that belongs to it, in milliseconds. */
const SESSION_TAKES = 2000;
/** Of how many livestreams it is remembered when the last answer came. */
const MOST_ANSWERS = 10_000;

export function createNews(options: NewsOptions): News {
  const { account, upstream, clock, readers, begin } = options;
  const { reads } = upstream;
  const told = new Map<string, Told>();
  /** When the answer came that readers were told last, by livestream; also of what has ended, of which no more is told. */
  const answers = new LRUCache<string, number>({ max: MOST_ANSWERS });
  /** Livestreams whose session a reader could not read. */
  const missed = new Set<string>();
  /** By livestream: what is being settled. */
  const settling = new Map<string, Promise<void>>();
  const heldOf = (id: string): Livestream | null | undefined => reads.livestream.held(account.id, id);

  /** Tells all who are to know, unless something newer was told. `sessionId` undefined: as far as that is known. */
  function publish(livestream: Livestream, moment: Moment, sessionId?: string | null): void {
    const { id } = livestream;
    const last = told.get(id);
    if (last !== undefined && last.moment.order > moment.order) return;
    // Of what has ended only those are told who knew that it ran, or asked for it by name.
    const isNews = isActive(livestream) || (last !== undefined && isActive(last.livestream));
    const concerned = readers.about(livestream).filter(({ target }) => isNews || target.livestreamId === id);
    if (concerned.length === 0) return;
    const session = sessionId === undefined ? sessionOf(livestream, last) : sessionId;
    const state: LiveState = { livestream, sessionId: session };
    told.set(id, { ...state, moment });
    answers.set(id, reads.now().order);
    // Whoever asks for its session now is not to get the one that has ended with it.
    if (hasEnded(livestream)) reads.activeSession.put(account.id, id, null, moment);
    const isSame = last !== undefined && isSameVisibleState(last.livestream, livestream) && last.sessionId === session;
    if (!isSame) for (const { mailbox } of concerned) mailbox.put(id, state);
    if (!isKept(livestream)) told.delete(id);
    if (!isSame) options.changed(livestream, last?.livestream);
  }

  function sessionOf(livestream: Livestream, last: LiveState | undefined): string | null | undefined {
    if (hasEnded(livestream)) return null;
    const held = reads.activeSession.held(account.id, livestream.id);
    // That there is none may be newer than what is known of the livestream, which then has ended.
    if (held) return held.id;
    return last !== undefined && isSameVisibleState(last.livestream, livestream) ? last.sessionId : undefined;
  }

  /** Whether it has to be remembered what was told of it. */
  function isKept(livestream: Livestream): boolean {
    return readers.isNamed(livestream.id) || (isActive(livestream) && readers.isAny(livestream));
  }

  /**
   * Of two answers that were under way at the same time nobody knows which is newer: where this one tells something else than readers
   * know, it is read again.
   */
  function isDoubtful(livestream: Livestream, { order }: Moment): boolean {
    const last = told.get(livestream.id)?.livestream;
    const isOther = last === undefined ? isActive(livestream) : !isSameVisibleState(last, livestream);
    return isOther && order < (answers.get(livestream.id) ?? 0);
  }

  /** As it is now; what that tells is told by itself. */
  const readNow = async (id: string): Promise<Livestream | null> => reads.livestream.read(begin(), id, reads.now());

  /** It has changed: its session is looked up before anybody is told, so that both are told at once. */
  async function settle(livestream: Livestream, moment: Moment): Promise<void> {
    const { id } = livestream;
    await settling.get(id);
    const last = told.get(id);
    if (last !== undefined && last.moment.order >= moment.order) return;
    if (isDoubtful(livestream, moment)) return void (await readNow(id));
    const isOther = last !== undefined && !isSameVisibleState(last.livestream, heldOf(id) ?? livestream);
    // What came in the same answer is new enough.
    const since = { ...moment, order: moment.order - 1 };
    if (isOther && isActive(livestream)) await lookUpSession(id, since);
    const now = heldOf(id) ?? livestream;
    if (!isActive(now) || reads.activeSession.held(account.id, id) !== null) return publish(now, moment);
    // It has ended by now, which is told by itself, or it runs without one.
    const again = await readNow(id);
    if (again !== null && isSameVisibleState(again, now)) publish(again, moment, null);
  }

  /** Waits for it, but not for long: a session that cannot be read is no reason to tell nothing. */
  async function lookUpSession(id: string, since: Moment): Promise<void> {
    const waiting = new AbortController();
    const read = reads.activeSession.read(begin(), id, since).finally(() => waiting.abort());
    await Promise.race([read, sleep(SESSION_TAKES, clock, waiting.signal)]).catch(() => {});
  }

  /** There is no session of what is believed to run: it has ended, or it runs without one. */
  async function settleWithout(id: string): Promise<void> {
    await settling.get(id);
    if (!told.has(id)) return;
    const livestream = await readNow(id);
    const last = told.get(id);
    const isNone = reads.activeSession.held(account.id, id) === null;
    if (livestream === null || last === undefined || !isNone || !isSameVisibleState(livestream, last.livestream))
      return;
    publish(livestream, last.moment, null);
  }

  function inTurn(id: string, work: () => Promise<void>): void {
    const done = work()
      .catch(() => {})
      .finally(() => {
        if (settling.get(id) === done) settling.delete(id);
      });
    settling.set(id, done);
  }

  return {
    told,
    introduce({ target, mailbox }, livestream) {
      const { id } = livestream;
      // It may have come from memory: whatever was read goes before it.
      if (!told.has(id)) publish(livestream, { order: 0, at: clock.now() });
      const known = told.get(id);
      const now = heldOf(id) ?? known?.livestream ?? livestream;
      if (!isActive(now) && target.livestreamId === null) return;
      const isKnown = known !== undefined && isSameVisibleState(known.livestream, now);
      mailbox.put(id, { livestream: now, sessionId: isKnown ? known.sessionId : sessionOf(now, known) });
    },
    livestreamSeen(livestream, moment) {
      const { id } = livestream;
      if (!readers.isAny(livestream)) return;
      const last = told.get(id);
      const held = heldOf(id);
      // An answer that a newer one has overtaken.
      if (held !== undefined && held !== livestream) return;
      if (last !== undefined && last.moment.order >= moment.order) return;
      if (last !== undefined && isSameVisibleState(last.livestream, livestream)) {
        told.set(id, { ...last, livestream, moment });
        answers.set(id, reads.now().order);
      } else if (last !== undefined || isDoubtful(livestream, moment)) inTurn(id, () => settle(livestream, moment));
      else publish(livestream, moment);
    },
    sessionSeen(id, sessionId, moment) {
      const last = told.get(id);
      if (last === undefined || last.moment.order > moment.order || last.sessionId === sessionId) return;
      if (sessionId === null && isActive(last.livestream)) inTurn(id, () => settleWithout(id));
      else publish(heldOf(id) ?? last.livestream, moment, sessionId);
    },
    missed: (id) => void missed.add(id),
    async retry() {
      const operation = begin();
      for (const id of missed) {
        if (told.has(id)) await reads.activeSession.read(operation, id, reads.now());
        missed.delete(id);
        const state = told.get(id);
        if (state !== undefined) for (const { mailbox } of readers.about(state.livestream)) mailbox.put(id, state);
      }
    },
    tidy() {
      for (const [id, { livestream }] of told) if (!isKept(livestream)) told.delete(id);
    },
  };
}
