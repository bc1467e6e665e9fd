import type { Context } from '../context.ts';
import type { SubscriptionResolvers } from '../../generated/resolvers.ts';
import { assertId } from '../../domain/ids.ts';
import type { LiveState } from '../../live/types.ts';

export const Subscription: SubscriptionResolvers = {
  livestreamUpdated: {
    subscribe: async (_root, { livestreamId, meetingId }, context) =>
      (context.subscription = await context.subscribeTo({
        livestreamId: livestreamId == null ? null : assertId(livestreamId),
        meetingId: meetingId == null ? null : assertId(meetingId),
      })),
    resolve: ({ livestream, sessionId }: LiveState, _args: object, context: Context) => {
      // Values that were read for the previous event may be outdated.
      context.loaders = context.createLoaders();
      // What the event itself tells need not be read, which could fail.
      if (sessionId === null) context.loaders.activeSession.prime(livestream.id, null);
      return livestream;
    },
  },
};
