import type { Clock } from '../clock.ts';
import { badInput } from '../errors.ts';
import type { Livestream } from '../models.ts';
import type { Account } from '../upstream/account.ts';
import type { Moment } from '../upstream/changes.ts';
import type { Operation } from '../upstream/operation.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { readActive } from './active.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';
import { createPoller } from './poller.ts';
import { isAbout, isActive, isSameLook, isSameState, type LiveEvent, type LiveState, type Target } from './state.ts';
import type { LivePace } from './pace.ts';

/** All who watch livestreams on one account's expense. */
export interface AccountWatch {
  /** The present state, then each change. Rejects with `BAD_USER_INPUT` when there is no such livestream. */
  subscribe(target: Target, onEnd: () => void): Promise<Mailbox<LiveState>>;
  /** An answer to anybody told this. */
  livestreamSeen(livestream: Livestream, moment: Moment): void;
  sessionSeen(livestreamId: string, sessionId: string | null, moment: Moment): void;
  /** Somebody changed something of these: they are read back. */
  changed(ids: LiveEvent, moment: Moment): void;
  isWatched(): boolean;
  /** All readers get this error. */
  end(error: unknown): void;
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

interface Reader {
  target: Target;
  mailbox: Mailbox<LiveState>;
}

/** What readers were told last, and which reading it came from. */
interface Told extends LiveState {
  order: number;
}

export function createAccountWatch(options: AccountWatchOptions): AccountWatch {
  const { account, upstream } = options;
  const { reads } = upstream;
  const readers = new Set<Reader>();
  const told = new Map<string, Told>();
  /** By livestream: what is being settled. */
  const settling = new Map<string, Promise<void>>();
  let leaving = new AbortController();

  const begin = (): Operation => upstream.operation(account, leaving.signal, () => {});

  /** Whether anybody is to be told of it; of what has ended only those who knew that it ran, or asked for it by name. */
  function isWanted(livestream: Livestream): boolean {
    const isNews = isActive(livestream) || told.has(livestream.id);
    return [...readers].some(
      ({ target }) => isAbout(target, livestream) && (isNews || target.livestreamId === livestream.id),
    );
  }

  /** Whether a change of these is one of what `target` watches. */
  function concerns({ livestreamId, meetingId }: LiveEvent, target: Target): boolean {
    if (target.livestreamId === null) return target.meetingId === null || target.meetingId === meetingId;
    const known = told.get(target.livestreamId)?.livestream.meetingId;
    return target.livestreamId === livestreamId || (meetingId !== null && known === meetingId);
  }

  function publish(state: LiveState, order: number): void {
    const { id } = state.livestream;
    const last = told.get(id);
    if (last !== undefined && last.order > order) return;
    const sessionId = state.sessionId === undefined ? last?.sessionId : state.sessionId;
    if (!isWanted(state.livestream)) return;
    const isNew = last === undefined || !isSameState(last, state);
    told.set(id, { livestream: state.livestream, sessionId, order });
    if (isNew)
      for (const { target, mailbox } of readers)
        if (isAbout(target, state.livestream)) mailbox.put(id, { livestream: state.livestream, sessionId });
    const isNamed = [...readers].some(({ target }) => target.livestreamId === id);
    if (!isActive(state.livestream) && !isNamed) told.delete(id);
    if (isNew) poller.hurry();
  }

  /** Something about it is new: its session is looked up before anybody is told. */
  async function settle(livestream: Livestream, moment: Moment): Promise<void> {
    const { id } = livestream;
    await settling.get(id);
    const last = told.get(id);
    if (last !== undefined && last.order >= moment.order) return;
    const sessionId = isActive(livestream) ? await sessionOf(id, moment) : null;
    publish({ livestream: reads.livestream.held(account.id, id) ?? livestream, sessionId }, moment.order);
  }

  /** Undefined: it cannot be read now. */
  async function sessionOf(livestreamId: string, { order, at }: Moment): Promise<string | null | undefined> {
    // What came in the same answer is new enough.
    const session = await reads.activeSession
      .read(begin(), livestreamId, { order: order - 1, at })
      .catch(() => undefined);
    return session === undefined ? undefined : (session?.id ?? null);
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
    told: () => [...told.values()],
    targets: () => [...readers].map(({ target }) => target),
    refused: (error) => end(error),
  });

  function end(error: unknown): void {
    for (const { mailbox } of readers) mailbox.fail(error);
    readers.clear();
    stop();
  }

  function stop(): void {
    poller.stop();
    told.clear();
    leaving.abort();
    leaving = new AbortController();
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
    async subscribe(target, onEnd) {
      const reader: Reader = {
        target,
        mailbox: createMailbox<LiveState>({
          isSame: isSameState,
          onEnd() {
            readers.delete(reader);
            if (readers.size === 0) stop();
            onEnd();
          },
        }),
      };
      // Before it is read: nothing that happens meanwhile is missed.
      readers.add(reader);
      const moment = reads.now();
      try {
        for (const livestream of await present(target)) {
          const known = told.get(livestream.id);
          if (known === undefined) publish({ livestream, sessionId: undefined }, moment.order);
          else reader.mailbox.put(livestream.id, known);
        }
      } catch (error) {
        // All readers were sent away meanwhile: this one gets the same error as they, in the same way.
        if (!readers.has(reader)) return reader.mailbox;
        await reader.mailbox.return();
        throw error;
      }
      poller.start();
      return reader.mailbox;
    },
    livestreamSeen(livestream, moment) {
      if (readers.size === 0 || !isWanted(livestream)) return;
      const last = told.get(livestream.id);
      if (last !== undefined && last.order >= moment.order) return;
      if (last !== undefined && isSameLook(last.livestream, livestream)) last.order = moment.order;
      else inTurn(livestream.id, () => settle(livestream, moment));
    },
    sessionSeen(livestreamId, sessionId, moment) {
      const last = told.get(livestreamId);
      if (last === undefined || last.order > moment.order || last.sessionId === sessionId) return;
      // It has ended, then: what has become of it is told together with that.
      if (sessionId === null && isActive(last.livestream))
        return poller.lookAt({ livestreamId, meetingId: null }, moment);
      const livestream = reads.livestream.held(account.id, livestreamId) ?? last.livestream;
      return inTurn(livestreamId, async () => publish({ livestream, sessionId }, moment.order));
    },
    changed(ids, moment) {
      const isHeard = [...readers].some(({ target }) => concerns(ids, target));
      if (isHeard) poller.lookAt(ids, moment);
    },
    isWatched: () => readers.size > 0,
    end,
  };
}
