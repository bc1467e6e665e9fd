import type { Context } from '../context.ts';
import type { SubscriptionResolvers } from '../../generated/resolvers.ts';
import { assertId } from '../../domain/ids.ts';
import type { LiveState } from '../../live/types.ts';

export const Subscription: SubscriptionResolvers = {
  livestreamUpdated: {
    subscribe: async (_root, { livestreamId, meetingId }, context) =>
      (context.subscription = await context.watch({
        livestreamId: livestreamId == null ? null : assertId(livestreamId),
        meetingId: meetingId == null ? null : assertId(meetingId),
      })),
    resolve: ({ livestream }: LiveState, _args: object, context: Context) => {
      // What was read for the event before is not so any more.
      context.loaders = context.createLoaders();
      return livestream;
    },
  },
};
