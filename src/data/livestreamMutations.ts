import type { StartLock } from '../cluster/startLock.ts';
import { type PriorStart, isSameStart } from '../cluster/startRecords.ts';
import { UpstreamError } from '../domain/errors.ts';
import type { Livestream, LivestreamRef } from '../domain/models.ts';
import type { MutationError, StartInput, StartOutcome, StopOutcome } from '../domain/startStop.ts';
import type { Clock } from '../lib/clock.ts';
import type { RealtimeKitClient } from '../realtimekit/client.ts';
import type { Endpoints } from '../realtimekit/endpoints.ts';
import { tokenHashOf } from './account.ts';
import type { MutationEffects } from './mutationEffects.ts';
import type { Operation } from './operation.ts';

/**
 * Starts and stops livestreams. Each mutation is sent once. If its response is lost, the meeting's active livestream is read to find
 * out whether upstream carried it out. What the caller must handle is returned as a `MutationError`; every other failure rejects with
 * an `UpstreamError`.
 */
export type LivestreamMutations = ReturnType<typeof createLivestreamMutations>;

interface LivestreamMutationsOptions {
  endpoints: Pick<Endpoints, 'startLivestream' | 'stopLivestream' | 'activeLivestream'>;
  /** How far RealtimeKit's clock is ahead of this process's. */
  clockSkewMs: RealtimeKitClient['clockSkewMs'];
  /** Receives each outcome, once. */
  effects: MutationEffects;
  clock: Clock;
  /** Lets different starts in a meeting run one after the other; null (the default) if there is one replica, which is not evicted. */
  lock?: StartLock | null;
}

export function createLivestreamMutations(options: LivestreamMutationsOptions) {
  const { endpoints, clock, clockSkewMs, effects, lock = null } = options;
  const pendingStarts = new Map<string, Promise<StartOutcome>>();

  async function sendStart(operation: Operation, input: StartInput): Promise<StartOutcome> {
    const sentAt = clock.now();
    try {
      const livestream = await endpoints.startLivestream(operation, input);
      return livestream === null ? { userError: NO_MEETING } : { livestream: withSentName(livestream, input) };
    } catch (error) {
      const userError = toMutationError(error, START_CONFLICT);
      if (userError !== null) return { userError };
      if (!isOutcomeUnknown(error)) throw error;
      return reconcileStart(operation, input, sentAt);
    }
  }

  async function reconcileStart(operation: Operation, input: StartInput, sentAt: number): Promise<StartOutcome> {
    const active = await readActive(operation, input.meetingId).catch(() => null);
    return active !== null && isResultOf(input, sentAt, active)
      ? { livestream: withSentName(active, input) }
      : { userError: START_OUTCOME_UNKNOWN };
  }

  const readActive = async (operation: Operation, meetingId: string): Promise<Livestream | null> =>
    (await endpoints.activeLivestream(detached(operation), meetingId)).value;

  /** Whether a start sent at `sentAt` created this active livestream: it is not older than the request, by upstream's clock. */
  function isResultOf(input: StartInput, sentAt: number, { name, createdAt }: Livestream): boolean {
    const hasOtherName = input.name !== null && name !== null && name !== input.name;
    return isCreatedSince(createdAt, sentAt + clockSkewMs()) && !hasOtherName;
  }

  /** Sends the start, unless another process has sent it or may have sent it. */
  async function startAfter(prior: PriorStart, operation: Operation, input: StartInput): Promise<StartOutcome> {
    if (prior.kind === 'none') return sendStart(operation, input);
    if (prior.kind === 'done') return { livestream: prior.livestream };
    const active = await readActive(operation, input.meetingId);
    if (active === null) return sendStart(operation, input);
    const isOurs =
      prior.kind === 'abandoned' &&
      isSameStart(prior.start.input, input) &&
      isResultOf(input, prior.start.sentAt, active);
    return isOurs ? { livestream: withSentName(active, input) } : { userError: START_CONFLICT };
  }

  async function startAndInvalidate(operation: Operation, input: StartInput): Promise<StartOutcome> {
    const sentAt = effects.now();
    const run = async (prior: PriorStart): Promise<StartOutcome> => {
      const outcome = await startAfter(prior, operation, input);
      // The replica that carried out the start has already invalidated what it changed.
      if (prior.kind !== 'done') effects.started(operation, input, outcome, sentAt);
      return outcome;
    };
    if (lock === null) return run({ kind: 'none' });
    return lock.run(`${tokenHashOf(operation.account.id)} ${input.meetingId}`, input, run);
  }

  async function sendStop(operation: Operation, meetingId: string): Promise<StopOutcome> {
    try {
      return (await endpoints.stopLivestream(operation, meetingId))
        ? { stopped: true }
        : { userError: NOTHING_TO_STOP };
    } catch (error) {
      const userError = toMutationError(error, STOP_CONFLICT);
      if (userError !== null) return { userError };
      if (!isOutcomeUnknown(error)) throw error;
      const mayBeActive = await readActive(operation, meetingId).then(
        (active) => active !== null,
        () => true,
      );
      return mayBeActive ? { userError: STOP_OUTCOME_UNKNOWN } : { stopped: true };
    }
  }

  return {
    /** A start that is equal to a pending start of the same account joins it, and shares its outcome. */
    async start(operation: Operation, input: StartInput): Promise<StartOutcome> {
      const { meetingId, name, video } = input;
      const key = JSON.stringify([operation.account.id, meetingId, name, video?.width, video?.height]);
      const pending =
        pendingStarts.get(key) ?? startAndInvalidate(operation, input).finally(() => pendingStarts.delete(key));
      pendingStarts.set(key, pending);
      return pending;
    },
    async stop(operation: Operation, meetingId: string): Promise<StopOutcome> {
      const sentAt = effects.now();
      const outcome = await sendStop(operation, meetingId);
      effects.stopped(operation, meetingId, outcome, sentAt);
      return outcome;
    },
  };
}

/** The operation without its signal and with a mutation's priority, to read back a mutation even if the caller has disconnected. */
function detached(operation: Operation): Operation {
  return { ...operation, priority: 'mutation', signal: undefined };
}

/** Whether `createdAt` is `bound`, in ms since the Unix epoch, or later. A time in whole seconds may have been truncated. */
function isCreatedSince(createdAt: Date | null, bound: number): boolean {
  if (createdAt === null) return false;
  const mayBeTruncated = createdAt.getMilliseconds() === 0;
  return createdAt.getTime() >= (mayBeTruncated ? Math.floor(bound / 1000) * 1000 : bound);
}

/** Upstream may return a new livestream without its name at first. */
function withSentName<Ref extends LivestreamRef>(livestream: Ref, { name }: StartInput): Ref {
  return name === null ? livestream : { ...livestream, name };
}

function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof UpstreamError && error.outcome === 'unknown';
}

/** What the caller must handle if upstream rejected the mutation; null for every other error. */
function toMutationError(error: unknown, conflict: MutationError): MutationError | null {
  if (!(error instanceof UpstreamError) || error.outcome !== 'rejected') return null;
  if (error.upstream?.status === 409 || Number(error.upstream?.code) === 409) return conflict;
  if (error.code !== 'BAD_USER_INPUT') return null;
  const reason = error.upstream?.message ?? null;
  const message = reason === null ? error.message : `RealtimeKit rejected the input: ${reason}`;
  return mutationError('BAD_USER_INPUT', message, null);
}

function mutationError(code: MutationError['code'], message: string, field: MutationError['field']): MutationError {
  return { code, message, field };
}

const MEETING_FIELD = ['input', 'meetingId'];

const NO_MEETING = mutationError('NOT_FOUND', 'There is no meeting with this ID.', MEETING_FIELD);
const NOTHING_TO_STOP = mutationError(
  'NOT_FOUND',
  'There is no meeting with this ID, or the meeting has no active livestream.',
  MEETING_FIELD,
);
const START_CONFLICT = mutationError(
  'CONFLICT',
  'This meeting already has an active livestream. Use the meeting’s activeLivestream, or stop it before you start another one.',
  MEETING_FIELD,
);
const STOP_CONFLICT = mutationError(
  'CONFLICT',
  'This meeting’s livestream cannot be stopped in its current state. Try again later.',
  MEETING_FIELD,
);
const START_OUTCOME_UNKNOWN = mutationError(
  'OUTCOME_UNKNOWN',
  'The start was sent, but no response arrived, and it is not known whether RealtimeKit carried it out. Check the meeting’s activeLivestream before you start again.',
  null,
);
const STOP_OUTCOME_UNKNOWN = mutationError(
  'OUTCOME_UNKNOWN',
  'The stop was sent, but no response arrived, and it is not known whether RealtimeKit carried it out. Check the meeting’s activeLivestream before you stop again.',
  null,
);
