import type { Clock } from '../clock.ts';
import { badInput } from '../errors.ts';
import type { Livestream } from '../models.ts';
import type { Account } from '../upstream/account.ts';
import type { Moment } from '../upstream/changes.ts';
import { sleep } from '../upstream/deadline.ts';
import { hasEnded } from '../upstream/endpoints.ts';
import type { Operation } from '../upstream/operation.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { readActive } from './active.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';
import type { LivePace } from './pace.ts';
import { createPoller } from './poller.ts';
import { createReaders, type Reader } from './readers.ts';
import { isAbout, isActive, isSameLook, isSameState, type LiveState, type Target, type Told } from './state.ts';

/** All who watch livestreams on one account's expense. */
export interface AccountWatch {
  /** The present state, then each change. Rejects with `BAD_USER_INPUT` when there is no such livestream. */
  subscribe(target: Target, onEnd: () => void): Promise<Mailbox<LiveState>>;
  /** An answer to anybody told this. */
  livestreamSeen(livestream: Livestream, moment: Moment): void;
  sessionSeen(livestreamId: string, sessionId: string | null, moment: Moment): void;
  /** Somebody changed something of these: where they are watched, they are read back. */
  changed(ids: { livestreamId: string | null; meetingId: string | null }, moment: Moment): void;
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
}

/** How long a change waits for the session that belongs to it, in milliseconds. */
const SESSION_TAKES = 2000;

export function createAccountWatch(options: AccountWatchOptions): AccountWatch {
  const { account, upstream, clock } = options;
  const { reads } = upstream;
  const readers = createReaders();
  const told = new Map<string, Told>();
  /** By livestream: what is being settled. */
  const settling = new Map<string, Promise<void>>();
  let leaving = new AbortController();

  const begin = (see: (livestream: Livestream) => void = () => {}): Operation =>
    upstream.operation(account, leaving.signal, see);
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
    // Whoever asks for its session now is not to get the one that has ended with it.
    if (hasEnded(livestream)) reads.activeSession.put(account.id, id, null, moment);
    const isSame = last !== undefined && isSameLook(last.livestream, livestream) && last.sessionId === session;
    if (!isSame) for (const { mailbox } of concerned) mailbox.put(id, state);
    if (!isKept(livestream)) told.delete(id);
    if (!isSame) poller.hurry();
  }

  function sessionOf(livestream: Livestream, last: LiveState | undefined): string | null | undefined {
    if (hasEnded(livestream)) return null;
    const held = reads.activeSession.held(account.id, livestream.id);
    if (held !== undefined) return held?.id ?? null;
    return last !== undefined && isSameLook(last.livestream, livestream) ? last.sessionId : undefined;
  }

  /** Whether it has to be remembered what was told of it. */
  function isKept(livestream: Livestream): boolean {
    return readers.isNamed(livestream.id) || (isActive(livestream) && readers.isAny(livestream));
  }

  /** It has changed: its session is looked up before anybody is told, so that both are told at once. */
  async function settle(livestream: Livestream, moment: Moment): Promise<void> {
    const { id } = livestream;
    await settling.get(id);
    const last = told.get(id);
    if (last !== undefined && last.moment.order >= moment.order) return;
    const isOther = last !== undefined && !isSameLook(last.livestream, heldOf(id) ?? livestream);
    // What came in the same answer is new enough.
    const since = { ...moment, order: moment.order - 1 };
    if (isOther && isActive(livestream)) await lookUpSession(id, since);
    publish(heldOf(id) ?? livestream, moment);
  }

  /** Waits for it, but not for long: a session that cannot be read is no reason to tell nothing. */
  async function lookUpSession(id: string, since: Moment): Promise<void> {
    const waiting = new AbortController();
    const read = reads.activeSession.read(begin(), id, since).finally(() => waiting.abort());
    await Promise.race([read, sleep(SESSION_TAKES, clock, waiting.signal)]).catch(() => {});
  }

  /** There is no session of what is believed to run: it has ended, or it runs without one. */
  async function settleWithout(id: string, moment: Moment): Promise<void> {
    await settling.get(id);
    const livestream = await reads.livestream.read(begin(), id, moment);
    const last = told.get(id);
    const isNone = reads.activeSession.held(account.id, id) === null;
    if (livestream === null || last === undefined || !isNone || !isSameLook(livestream, last.livestream)) return;
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

  const poller = createPoller({
    ...options,
    begin,
    told,
    watched: () => readers.watched(),
    refused: (error) => end(error),
  });

  function end(error: Error): void {
    for (const { mailbox } of readers.clear()) mailbox.fail(error);
    stop(error);
  }

  function stop(reason: Error): void {
    poller.stop();
    told.clear();
    leaving.abort(reason);
    leaving = new AbortController();
  }

  function leave(reader: Reader): void {
    readers.delete(reader);
    if (readers.size() === 0) return stop(new Error('Nobody watches any more.'));
    for (const [id, { livestream }] of told) if (!isKept(livestream)) told.delete(id);
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

  /** What a reader that comes is given first. */
  function introduce({ target, mailbox }: Reader, livestream: Livestream): void {
    const { id } = livestream;
    // It may have come from memory: whatever was read goes before it.
    if (!told.has(id)) publish(livestream, { order: 0, at: clock.now() });
    const known = told.get(id);
    const now = heldOf(id) ?? known?.livestream ?? livestream;
    if (!isActive(now) && target.livestreamId === null) return;
    const isKnown = known !== undefined && isSameLook(known.livestream, now);
    mailbox.put(id, { livestream: now, sessionId: isKnown ? known.sessionId : sessionOf(now, known) });
  }

  return {
    async subscribe(target, onEnd) {
      const mailbox = createMailbox<LiveState>({
        isSame: isSameState,
        onEnd() {
          leave(reader);
          onEnd();
        },
      });
      const reader: Reader = { target, mailbox };
      // Before it is read: nothing that happens meanwhile is missed.
      readers.add(reader);
      try {
        for (const livestream of await present(target)) introduce(reader, livestream);
      } catch (error) {
        await mailbox.return();
        throw error;
      }
      if (readers.size() > 0) poller.start();
      return mailbox;
    },
    livestreamSeen(livestream, moment) {
      const { id } = livestream;
      if (!readers.isAny(livestream)) return;
      const last = told.get(id);
      const held = heldOf(id);
      // An answer that a newer one has overtaken.
      if (held !== undefined && held !== livestream) return;
      if (last === undefined) publish(livestream, moment);
      else if (last.moment.order >= moment.order) return;
      else if (isSameLook(last.livestream, livestream)) told.set(id, { ...last, livestream, moment });
      else inTurn(id, () => settle(livestream, moment));
    },
    sessionSeen(id, sessionId, moment) {
      const last = told.get(id);
      if (last === undefined || last.moment.order > moment.order || last.sessionId === sessionId) return;
      if (sessionId === null && isActive(last.livestream)) inTurn(id, () => settleWithout(id, moment));
      else publish(heldOf(id) ?? last.livestream, moment, sessionId);
    },
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
    return [...told.values()].some(({ livestream }) => livestreamId === null && livestream.meetingId === meetingId);
  }
}
