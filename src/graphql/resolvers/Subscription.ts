import type { Context } from '../context.ts';
import type { SubscriptionResolvers } from '../../generated/resolvers.ts';
import { assertId } from '../../domain/ids.ts';
import { hasEnded } from '../../domain/livestreamState.ts';
import type { LiveState } from '../../live/types.ts';

export const Subscription: SubscriptionResolvers = {
  livestreamUpdated: {
    subscribe: async (_root, { livestreamId, meetingId }, context) =>
      (context.subscription = await context.subscribeTo({
        livestreamId: livestreamId == null ? null : assertId(livestreamId),
        meetingId: meetingId == null ? null : assertId(meetingId),
      })),
    resolve: ({ livestream }: LiveState, _args: object, context: Context) => {
      // Values that were read for the previous event may be outdated.
      context.loaders = context.createLoaders();
      // The session ended with the livestream. Reading it could fail.
      if (hasEnded(livestream)) context.loaders.activeSession.prime(livestream.id, null);
      return livestream;
    },
  },
};
