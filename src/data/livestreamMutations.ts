import type { MutationError, StartInput, StartOutcome, StopOutcome } from '../domain/startStop.ts';
import type { Clock } from '../lib/clock.ts';
import { UpstreamError } from '../domain/errors.ts';
import type { Livestream, LivestreamRef } from '../domain/models.ts';
import type { RealtimeKitClient } from '../realtimekit/client.ts';
import type { Endpoints } from '../realtimekit/endpoints.ts';
import type { EntityReads } from './entityReads.ts';
import type { Operation } from './operation.ts';
import { type PriorStart, isSameStart, type StartLock } from '../cluster/startLock.ts';
import { tokenHashOf } from './account.ts';

/**
 * Starting and stopping, each sent once. A request whose answer was lost is settled by reading the meeting's active livestream
 * back. What the caller has to handle is a `Refusal`; all else rejects with an `UpstreamError`.
 */
export interface LivestreamMutations {
  /** Equal starts of one account that arrive while one is under way are that one. */
  start(operation: Operation, input: StartInput): Promise<StartOutcome>;
  stop(operation: Operation, meetingId: string): Promise<StopOutcome>;
}

export interface LivestreamMutationsOptions {
  endpoints: Pick<Endpoints, 'startLivestream' | 'stopLivestream' | 'activeLivestream'>;
  clockSkew: RealtimeKitClient['clockSkew'];
  /** What is told each outcome, once. */
  effects: Pick<EntityReads, 'now' | 'started' | 'stopped'>;
  clock: Clock;
  /** By which replicas start one after the other; null: there is but one. */
  lock?: StartLock | null;
}

export function createLivestreamMutations(options: LivestreamMutationsOptions): LivestreamMutations {
  const { endpoints, clock, clockSkew, effects, lock = null } = options;
  const starting = new Map<string, Promise<StartOutcome>>();

  async function start(operation: Operation, input: StartInput): Promise<StartOutcome> {
    const sentAt = clock.now();
    try {
      const livestream = await endpoints.startLivestream(operation, input);
      return livestream === null ? NO_MEETING : { livestream: withSentName(livestream, input) };
    } catch (error) {
      const userError = toMutationError(error, CONFLICT_OF_START);
      if (userError !== null) return { userError };
      if (!isOutcomeUnknown(error)) throw error;
      return reconcileStart(operation, input, sentAt);
    }
  }

  async function reconcileStart(operation: Operation, input: StartInput, sentAt: number): Promise<StartOutcome> {
    const active = await activeOf(operation, input).catch(() => null);
    return active !== null && isResult(active, input, sentAt)
      ? { livestream: withSentName(active, input) }
      : UNKNOWN_START;
  }

  const activeOf = async (operation: Operation, { meetingId }: StartInput): Promise<Livestream | null> =>
    endpoints.activeLivestream(detached(operation), meetingId);

  /** A start's own is the active livestream that was created since the request was sent, told in upstream's own time. */
  function isResult({ name, createdAt }: Livestream, input: StartInput, sentAt: number): boolean {
    const hasOtherName = input.name !== null && name !== null && name !== input.name;
    return isSince(createdAt, sentAt + clockSkew()) && !hasOtherName;
  }

  /** It is not sent where another replica has sent it, or may have. */
  async function startAfter(before: PriorStart, operation: Operation, input: StartInput): Promise<StartOutcome> {
    if (before.kind === 'none') return start(operation, input);
    if (before.kind === 'done') return { livestream: before.livestream };
    const active = await activeOf(operation, input);
    if (active === null) return start(operation, input);
    const isOurs =
      before.kind === 'abandoned' &&
      isSameStart(before.start.input, input) &&
      isResult(active, input, before.start.sentAt);
    return isOurs ? { livestream: withSentName(active, input) } : { userError: CONFLICT_OF_START };
  }

  async function stop(operation: Operation, meetingId: string): Promise<StopOutcome> {
    try {
      return (await endpoints.stopLivestream(operation, meetingId)) ? { stopped: true } : NOTHING_TO_STOP;
    } catch (error) {
      const userError = toMutationError(error, CONFLICT_OF_STOP);
      if (userError !== null) return { userError };
      if (!isOutcomeUnknown(error)) throw error;
      const isActive = await endpoints.activeLivestream(detached(operation), meetingId).then(
        (active) => active !== null,
        () => true,
      );
      return isActive ? UNKNOWN_STOP : { stopped: true };
    }
  }

  async function startAndInvalidate(operation: Operation, input: StartInput): Promise<StartOutcome> {
    const sentAt = effects.now();
    const meeting = `${tokenHashOf(operation.account.id)} ${input.meetingId}`;
    const run = async (before: PriorStart): Promise<StartOutcome> => {
      const outcome = await startAfter(before, operation, input);
      // Whoever has carried it out has told.
      if (before.kind !== 'done') effects.started(operation, input, outcome, sentAt);
      return outcome;
    };
    return lock === null ? run({ kind: 'none' }) : lock.run(meeting, input, run);
  }

  return {
    async start(operation, input) {
      const { meetingId, name, video } = input;
      const key = JSON.stringify([operation.account.id, meetingId, name, video?.width, video?.height]);
      const underWay = starting.get(key) ?? startAndInvalidate(operation, input).finally(() => starting.delete(key));
      starting.set(key, underWay);
      return underWay;
    },
    async stop(operation, meetingId) {
      const sentAt = effects.now();
      const outcome = await stop(operation, meetingId);
      effects.stopped(operation, meetingId, outcome, sentAt);
      return outcome;
    },
  };
}

/** What was sent is settled, whoever leaves and however little of the budget is left. */
function detached(operation: Operation): Operation {
  return { ...operation, priority: 'mutation', signal: undefined };
}

/** Whether something was created at `bound` or later, in milliseconds; a time in whole seconds may have been cut off to them. */
function isSince(createdAt: Date | null, bound: number): boolean {
  if (createdAt === null) return false;
  const isCut = createdAt.getMilliseconds() === 0;
  return createdAt.getTime() >= (isCut ? Math.floor(bound / 1000) * 1000 : bound);
}

/** Upstream may tell the name late: until then it is the one that was sent. */
function withSentName<Ref extends LivestreamRef>(livestream: Ref, { name }: StartInput): Ref {
  return name === null ? livestream : { ...livestream, name };
}

function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof UpstreamError && error.outcome === 'unknown';
}

/** What upstream refused for a reason that the caller has to handle; null for every other error. */
function toMutationError(error: unknown, conflict: MutationError): MutationError | null {
  if (!(error instanceof UpstreamError) || error.outcome !== 'rejected') return null;
  if (error.upstream?.status === 409 || Number(error.upstream?.code) === 409) return conflict;
  if (error.code !== 'BAD_USER_INPUT') return null;
  const reason = error.upstream?.message ?? null;
  return {
    code: 'BAD_USER_INPUT',
    message: reason === null ? error.message : `RealtimeKit refused the input: ${reason}`,
    field: null,
  };
}

const MEETING_FIELD = ['input', 'meetingId'];

const NO_MEETING = {
  userError: { code: 'NOT_FOUND', message: 'There is no meeting with this id.', field: MEETING_FIELD },
} as const satisfies { userError: MutationError };
const NOTHING_TO_STOP = {
  userError: {
    code: 'NOT_FOUND',
    message: 'There is no meeting with this id, or it has no active livestream.',
    field: MEETING_FIELD,
  },
} as const satisfies { userError: MutationError };
const CONFLICT_OF_START: MutationError = {
  code: 'CONFLICT',
  message:
    'This meeting is being livestreamed already. Stop that livestream first, or use it: it is the meeting’s activeLivestream.',
  field: MEETING_FIELD,
};
const CONFLICT_OF_STOP: MutationError = {
  code: 'CONFLICT',
  message: 'The livestream of this meeting cannot be stopped in its present state.',
  field: MEETING_FIELD,
};
const UNKNOWN_START = {
  userError: {
    code: 'OUTCOME_UNKNOWN',
    message:
      'The start was sent, but its answer never came, and reading back did not tell whether it was carried out. Look at the meeting’s activeLivestream before starting again.',
    field: null,
  },
} as const satisfies { userError: MutationError };
const UNKNOWN_STOP = {
  userError: {
    code: 'OUTCOME_UNKNOWN',
    message:
      'The stop was sent, but its answer never came, and reading back did not tell whether it was carried out. Look at the meeting’s activeLivestream before stopping again.',
    field: null,
  },
} as const satisfies { userError: MutationError };
