import { UpstreamError } from '../../src/domain/errors.ts';
import type { Livestream } from '../../src/domain/models.ts';
import type { StartInput, StartOutcome } from '../../src/domain/startStop.ts';
import { createLivestreamMutations } from '../../src/data/livestreamMutations.ts';
import { createPeers } from '../../src/cluster/peers.ts';
import { createSavedStartLock, createStartLock, type StartLock } from '../../src/cluster/startLock.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createMemorySavedState } from '../support/memorySavedState.ts';
import { createMemoryStore, type MemoryReplica } from '../support/memoryStore.ts';
import { createSteppedClock } from '../support/model/clock.ts';
import { createOperation } from '../support/upstream.ts';

const INPUT: StartInput = { meetingId: 'meeting', name: 'Show', video: null };
export const OTHER: StartInput = { ...INPUT, name: 'Another' };
export const MINUTE = 60_000;

/** How a request travels. */
interface Trip {
  /** Until the request arrives. */
  requestMs: number;
  /** Until the response arrives. */
  responseMs: number;
  /** The response never comes: the client times out after ten seconds. */
  isLost?: boolean;
}

interface Replica {
  store: MemoryReplica;
  start: (input?: StartInput) => Promise<StartOutcome | 'failed'>;
  kill: () => void;
}

interface WorldOptions {
  /** Whether RealtimeKit rejects a start in a meeting that has an active livestream. */
  rejectsSecond?: boolean;
  /** How long a command to the store takes there and back. */
  latencyMs?: () => number;
}

/** Replicas that start livestreams in one meeting, and a RealtimeKit that they share. */
export function createWorld({ rejectsSecond = true, latencyMs = () => 0 }: WorldOptions = {}) {
  const clock = createSteppedClock(() => false);
  const store = createMemoryStore({ clock, latencyMs });
  const savedState = createMemorySavedState(clock);
  const started: Livestream[] = [];
  let active: Livestream | null = null;
  let tripOf: (kind: 'start' | 'read') => Trip = () => ({ requestMs: 10, responseMs: 10 });
  let isDown = false;
  let posts = 0;

  function connect(
    createLock: (connection: MemoryReplica, replicaClock: Clock) => StartLock,
    clockAheadMs = 0,
  ): Replica {
    const connection = store.connect({ clockAheadMs });
    let isDead = false;

    async function send<Result>(kind: 'start' | 'read', work: () => Result): Promise<Result> {
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      const { requestMs, responseMs, isLost = false } = tripOf(kind);
      if (isDead) return promise;
      if (isDown) throw new UpstreamError('notSent', 'UPSTREAM_UNAVAILABLE', 'Down.');
      clock.after(requestMs, () => {
        let settle = (): void => {};
        try {
          const result = work();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        if (isLost) settle = () => reject(new UpstreamError('unknown', 'UPSTREAM_TIMEOUT', 'Timed out.'));
        clock.after(isLost ? 10_000 : responseMs, () => isDead || settle());
      });
      return promise;
    }

    const mutations = createLivestreamMutations({
      endpoints: {
        startLivestream: async (_operation, { name }) => {
          posts += 1;
          return send('start', () => {
            if (rejectsSecond && active !== null) throw conflict();
            active = livestreamOf(started.length, name, clock.now());
            started.push(active);
            return active;
          });
        },
        activeLivestream: async () => send('read', () => ({ value: active, entities: {} })),
        stopLivestream: async () => true,
      },
      clock,
      clockSkewMs: () => 0,
      effects: { now: () => ({ logical: 0, wallTime: clock.now() }), started: () => {}, stopped: () => {} },
      lock: createLock(connection, mortalClock()),
    });

    /** A clock whose timers do not fire after the replica's death. */
    function mortalClock() {
      return {
        now: () => clock.now(),
        after: (milliseconds: number, callback: () => void) => clock.after(milliseconds, () => isDead || callback()),
      };
    }

    return {
      store: connection,
      start: async (input = INPUT) => mutations.start(createOperation(clock), input).catch(() => 'failed' as const),
      kill() {
        isDead = true;
        connection.kill();
      },
    };
  }

  return {
    clock,
    store,
    savedState,
    /** Opens one of several replicas. */
    open: (clockAheadMs = 0): Replica =>
      connect(
        (connection, replicaClock) => createStartLock(createPeers({ store: connection, prefix: 'app ' }, replicaClock)),
        clockAheadMs,
      ),
    /** Opens the only replica, with the saved state of the one before. Kill that first. */
    openSaved: (): Replica => connect((_connection, replicaClock) => createSavedStartLock(savedState, replicaClock)),
    /** Sets how requests to RealtimeKit travel from now on. */
    setTrips(next: typeof tripOf) {
      tripOf = next;
    },
    setDown(next: boolean) {
      isDown = next;
    },
    started: () => started.map(({ id }) => id),
    posts: () => posts,
  };
}

function conflict(): UpstreamError {
  return new UpstreamError('rejected', 'BAD_USER_INPUT', 'The meeting has an active livestream.', {
    upstream: { status: 409, code: 409, message: null, ray: null },
  });
}

function livestreamOf(index: number, name: string | null, now: number): Livestream {
  const unset = { disabled: null, ingestServer: null, streamKey: null, playbackUrl: null, updatedAt: null };
  const [id, meetingId, createdAt] = [`livestream-${index}`, 'meeting', new Date(now)];
  return { ...unset, id, meetingId, createdAt, name, status: 'LIVE' };
}

/** The livestream's id, or the code of the error. */
export function resultOf(outcome: StartOutcome | 'failed'): string {
  if (outcome === 'failed') return outcome;
  return 'livestream' in outcome ? outcome.livestream.id : outcome.userError.code;
}
