import type { MutationError } from '../../domain/startStop.ts';
import type { OperationLoaders } from '../loaders/operationLoaders.ts';
import type { MutationResolvers, StartLivestreamInput } from '../../generated/resolvers.ts';
import { ID_RULE, isId } from '../../domain/ids.ts';
import type { LivestreamRef } from '../../domain/models.ts';
import { selectedFields } from '../selection.ts';

export const Mutation: MutationResolvers = {
  async startLivestream(_root, { input }, { loaders }) {
    const { meetingId, name = null, video = null } = input;
    const userError = checkMeetingId(meetingId) ?? checkVideo(input);
    if (userError !== null) return rejectedPayload(userError, meetingId);
    const outcome = await loaders.startLivestream({ meetingId, name, video });
    if ('userError' in outcome)
      return rejectedPayload(outcome.userError, outcome.userError.code === 'NOT_FOUND' ? null : meetingId);
    return { livestream: outcome.livestream, meeting: { id: meetingId }, userErrors: [] };
  },

  async stopLivestream(_root, { input: { meetingId } }, { loaders }, info) {
    const userError = checkMeetingId(meetingId);
    if (userError !== null) return rejectedPayload(userError, meetingId);
    // The response of a stop does not contain the livestream, so it must be read before the stop.
    const activeRead = selectedFields(info).has('livestream') ? readActiveLivestream(meetingId, loaders) : null;
    const [active] = await Promise.allSettled([activeRead]);
    const outcome = await loaders.stopLivestream(meetingId);
    // With NOT_FOUND, the meeting may exist: it may only have no active livestream.
    if ('userError' in outcome) return rejectedPayload(outcome.userError, meetingId);
    return {
      livestream: active.status === 'fulfilled' ? active.value : rejectedField(active.reason),
      meeting: { id: meetingId },
      userErrors: [],
    };
  },
};

/** Reads the active livestream, without the fields that the stop changes: they are loaded after the stop if selected. */
async function readActiveLivestream(meetingId: string, loaders: OperationLoaders): Promise<LivestreamRef | null> {
  const active = await loaders.refetchActiveLivestream(meetingId);
  if (active === null) return null;
  const { status: _status, updatedAt: _updatedAt, ...unchanged } = active;
  return unchanged;
}

/** Makes only the field `livestream` fail: the livestream was stopped nevertheless. */
function rejectedField(reason: unknown): Promise<never> {
  const rejection = Promise.reject(reason);
  // `@skip` may exclude the field, and an unhandled rejection would end the process.
  rejection.catch(() => null);
  return rejection;
}

/** `meetingId`: null if there is no such meeting. */
function rejectedPayload(
  userError: MutationError,
  meetingId: string | null,
): { livestream: null; meeting: { id: string } | null; userErrors: MutationError[] } {
  const meeting = meetingId !== null && isId(meetingId) ? { id: meetingId } : null;
  return { livestream: null, meeting, userErrors: [userError] };
}

function checkMeetingId(meetingId: string): MutationError | null {
  return isId(meetingId) ? null : { code: 'BAD_USER_INPUT', message: ID_RULE, field: ['input', 'meetingId'] };
}

function checkVideo({ video }: StartLivestreamInput): MutationError | null {
  const side = (['width', 'height'] as const).find((name) => video && video[name] < 1);
  if (side === undefined) return null;
  return { code: 'BAD_USER_INPUT', message: `The ${side} must be at least 1 pixel.`, field: ['input', 'video', side] };
}
