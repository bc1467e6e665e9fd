import { isActive } from '../domain/livestreamState.ts';
import type { ChangedIds } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import type { Account } from '../data/account.ts';
import type { Livestream } from '../domain/models.ts';
import type { Moment } from '../cluster/hybridClock.ts';
import type { Operation } from '../data/operation.ts';
import type { Upstream } from '../data/dataSource.ts';
import { type Active, readActive } from './activeLivestreams.ts';
import type { Watched } from './subscribers.ts';
import { type Told } from './types.ts';

/** From how many watched livestreams and meetings on the lists of what is live are read in place of each of them. */
const MANY = 3;
/** Of those that do not run, how many all replicas together look at in one look where the lists tell the rest. */
const MOST_RESTING = 3;
/** The part of the time between two looks for which what another replica has read is as good as a look. */
const SHARED = 0.8;
/** How many are looked at side by side, each with a few requests: an operation may send a hundred. */
const SIDE_BY_SIDE = 16;

export interface LookOptions {
  account: Account;
  upstream: Upstream;
  clock: Clock;
  begin: (see?: (livestream: Livestream) => void) => Operation;
  told: ReadonlyMap<string, Told>;
  watched: () => Watched;
  /** How old, in milliseconds, what is known of one that does not run may get where the lists do not tell of it. */
  restAge: () => number;
}

/** One look serves all who watch the same; many are the lists of what is live, and what these do not tell. */
export interface Look {
  /** `every`: how often that is done, in milliseconds; what another replica has seen since the last time counts. */
  atAll(every: number): Promise<void>;
  /** Not as it was before `moment`. */
  at(ids: ChangedIds, moment: Moment): Promise<void>;
}

type Step = (operation: Operation) => Promise<void>;

export function createLook({ account, upstream, clock, begin, told, watched, restAge }: LookOptions): Look {
  const { reads } = upstream;
  const running = (): Told[] => [...told.values()].filter(({ livestream }) => isActive(livestream));

  async function atAll(every: number): Promise<void> {
    const { livestreamIds, meetingIds, isAll } = watched();
    const maxPeerAgeMs = upstream.replicas() > 1 ? every * SHARED : 0;
    const tolerant = (): Operation => ({ ...begin(), maxPeerAgeMs });
    const { signal } = begin();
    const isMany = isAll || livestreamIds.length + meetingIds.length >= MANY;
    const [active, failure] = isMany ? await readLists(tolerant()) : [null, null];
    signal?.throwIfAborted();
    const activeIds = new Set(active?.livestreams.map(({ id }) => id));
    const isUnseen = (id: string): boolean => !activeIds.has(id);
    const gone = isMany && (active?.isWhole || isAll) ? running().map(({ livestream }) => livestream.id) : [];
    const named = active?.isWhole ? resting(livestreamIds) : livestreamIds;
    const ids = [...new Set([...gone, ...named])].filter(isUnseen);
    // What the lists have missed is suspicious: it is to be seen as it is now.
    await inPieces(signal, isMany ? begin : tolerant, [
      ...oldestFirst(ids).map((id) => async (operation: Operation) => atLivestream(operation, id)),
      ...(active?.isWhole ? [] : meetingIds).map((id) => async (operation: Operation) => atMeeting(operation, id)),
    ]);
    if (failure !== null) throw failure.error;
  }

  /** As they are now: what is missing in an older one has not ended. Lists that fail keep nobody from being looked at. */
  async function readLists(operation: Operation): Promise<[Active | null, { error: unknown } | null]> {
    try {
      return [await readActive(upstream, operation, nowFor(operation)), null];
    } catch (error) {
      return [null, { error }];
    }
  }

  /** What another replica has read lately is as good as new. */
  const nowFor = ({ maxPeerAgeMs = 0 }: Operation): Moment =>
    maxPeerAgeMs > 0 ? reads.past(maxPeerAgeMs) : reads.now();

  const orderOf = (id: string): number => told.get(id)?.moment.order ?? 0;
  const oldestFirst = (ids: string[]): string[] => ids.toSorted((one, other) => orderOf(one) - orderOf(other));

  /** Some of those that are not believed to run, whose turn it is. */
  function resting(ids: string[]): string[] {
    const isDue = (id: string): boolean => {
      const known = told.get(id);
      return known === undefined || (!isActive(known.livestream) && clock.now() - known.moment.at >= restAge());
    };
    const own = Math.max(1, Math.round(MOST_RESTING / upstream.replicas()));
    return oldestFirst(ids.filter(isDue)).slice(0, own);
  }

  /** One that fails keeps nobody else from being looked at; where all of a piece fail, upstream is spared the rest. */
  async function inPieces(signal: AbortSignal | undefined, beginPiece: () => Operation, steps: Step[]): Promise<void> {
    for (let from = 0; from < steps.length; from += SIDE_BY_SIDE) {
      signal?.throwIfAborted();
      const operation = beginPiece();
      const outcomes = await Promise.allSettled(
        steps.slice(from, from + SIDE_BY_SIDE).map(async (step) => step(operation)),
      );
      const [first] = outcomes;
      if (first?.status === 'rejected' && outcomes.every(({ status }) => status === 'rejected')) throw first.reason;
    }
  }

  async function atLivestream(operation: Operation, id: string, since?: Moment): Promise<void> {
    const known = told.get(id);
    const isLive = known !== undefined && (known.sessionId || known.livestream.status === 'LIVE');
    const moment = since ?? nowFor(operation);
    // The answer about the session of one that runs tells the livestream too, as a rule.
    if (isLive && (await isToldBySession(operation, id, moment))) return;
    await reads.livestream.read(operation, id, isLive ? moment : since);
  }

  async function isToldBySession(operation: Operation, id: string, moment: Moment): Promise<boolean> {
    let isTold = false;
    const onLivestream = (seen: Livestream): void => {
      isTold ||= seen.id === id && seen.status !== 'UNKNOWN';
    };
    const session = await reads.activeSession.read({ ...operation, onLivestream }, id, moment);
    return session !== null && isTold;
  }

  async function atMeeting(operation: Operation, meetingId: string, since?: Moment): Promise<void> {
    const known = running().find(({ livestream }) => livestream.meetingId === meetingId);
    // While one runs, no other can: only its end makes room.
    if (known !== undefined && since === undefined) {
      const { id } = known.livestream;
      await atLivestream(operation, id);
      const held = reads.livestream.held(account.id, id);
      if (held && isActive(held)) return;
    }
    const active = await reads.activeLivestream.read(operation, meetingId, since);
    const gone = running().filter(({ livestream: { id, meetingId: of } }) => of === meetingId && id !== active?.id);
    if (since !== undefined)
      await Promise.all(gone.map(async ({ livestream }) => reads.livestream.read(operation, livestream.id, since)));
  }

  return {
    atAll,
    async at({ livestreamId, meetingId }, moment) {
      const operation = begin();
      const livestream = livestreamId && (await reads.livestream.read(operation, livestreamId, moment));
      const isWhole = livestream && (livestream.meetingId !== null || meetingId === null);
      if (meetingId !== null && !isWhole) await atMeeting(operation, meetingId, moment);
    },
  };
}
