import { whenAtHand } from '../atHand.ts';
import { detail } from '../detail.ts';
import type { LivestreamResolvers } from '../generated/resolvers.ts';

export const Livestream: LivestreamResolvers = {
  name: (livestream, _args, { loaders }) => detail(livestream, 'name', loaders.livestream),
  status: (livestream, _args, { loaders }) =>
    whenAtHand(detail(livestream, 'status', loaders.livestream), (status) => status ?? 'UNKNOWN'),
  disabled: (livestream, _args, { loaders }) => detail(livestream, 'disabled', loaders.livestream),
  ingestServer: (livestream, _args, { loaders }) => detail(livestream, 'ingestServer', loaders.livestream),
  streamKey: (livestream, _args, { loaders }) => detail(livestream, 'streamKey', loaders.livestream),
  playbackUrl: (livestream, _args, { loaders }) => detail(livestream, 'playbackUrl', loaders.livestream),
  createdAt: (livestream, _args, { loaders }) => detail(livestream, 'createdAt', loaders.livestream),
  updatedAt: (livestream, _args, { loaders }) => detail(livestream, 'updatedAt', loaders.livestream),

  meeting: (livestream, _args, { loaders }) =>
    whenAtHand(detail(livestream, 'meetingId', loaders.livestream), (id) => (id === null ? null : { id })),

  activeSession: ({ id, status }, _args, { loaders }) =>
    status === 'IDLE' || status === 'OFFLINE' ? null : loaders.activeSession.load(id),
};
