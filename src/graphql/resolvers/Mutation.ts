import type { MutationError } from '../../domain/startStop.ts';
import type { Loaders } from '../loaders/operationLoaders.ts';
import type { MutationResolvers, StartLivestreamInput } from '../../generated/resolvers.ts';
import { ID_RULE, isId } from '../../domain/ids.ts';
import type { LivestreamRef } from '../../domain/models.ts';
import { selectedFields } from '../selection.ts';

export const Mutation: MutationResolvers = {
  async startLivestream(_root, { input }, { loaders }) {
    const { meetingId, name = null, video = null } = input;
    const userError = checkMeetingId(meetingId) ?? checkVideo(input);
    if (userError !== null) return refused(userError, meetingId);
    const outcome = await loaders.start({ meetingId, name, video });
    if ('userError' in outcome) return refused(outcome.userError, meetingId);
    return { livestream: outcome.livestream, meeting: { id: meetingId }, userErrors: [] };
  },

  async stopLivestream(_root, { input: { meetingId } }, { loaders }, info) {
    const userError = checkMeetingId(meetingId);
    if (userError !== null) return refused(userError, meetingId);
    // Upstream does not tell which livestream it stopped, so one that is asked for is looked up before it is gone.
    const lookUp = selectedFields(info).has('livestream') ? stoppedLivestream(meetingId, loaders) : null;
    const [active] = await Promise.allSettled([lookUp]);
    const outcome = await loaders.stop(meetingId);
    if ('userError' in outcome) return refused(outcome.userError, meetingId);
    return {
      livestream: active.status === 'fulfilled' ? active.value : failedField(active.reason),
      meeting: { id: meetingId },
      userErrors: [],
    };
  },
};

/** The active livestream without what the stop changes: that is loaded again when it is selected. */
async function stoppedLivestream(meetingId: string, loaders: Loaders): Promise<LivestreamRef | null> {
  const active = await loaders.refetchActiveLivestream(meetingId);
  if (active === null) return null;
  const { status: _status, updatedAt: _updatedAt, ...lasting } = active;
  return lasting;
}

/** An error of this one field: the livestream was stopped all the same. */
function failedField(reason: unknown): Promise<never> {
  const failed = Promise.reject(reason);
  // The field may be under `@skip`, and a rejection that nobody handles would end the process.
  failed.catch(() => null);
  return failed;
}

function refused(
  userError: MutationError,
  meetingId: string,
): { livestream: null; meeting: { id: string } | null; userErrors: MutationError[] } {
  const isThere = userError.code !== 'NOT_FOUND' && isId(meetingId);
  return { livestream: null, meeting: isThere ? { id: meetingId } : null, userErrors: [userError] };
}

function checkMeetingId(meetingId: string): MutationError | null {
  return isId(meetingId) ? null : { code: 'BAD_USER_INPUT', message: ID_RULE, field: ['input', 'meetingId'] };
}

function checkVideo({ video }: StartLivestreamInput): MutationError | null {
  const side = (['width', 'height'] as const).find((name) => video && video[name] < 1);
  if (side === undefined) return null;
  return { code: 'BAD_USER_INPUT', message: `The ${side} is 1 pixel or more.`, field: ['input', 'video', side] };
}
