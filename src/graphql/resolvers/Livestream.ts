import { mapMaybePromise } from '../../lib/maybePromise.ts';
import { readConnection } from '../connection.ts';
import { detail } from './lazyField.ts';
import type { LivestreamResolvers } from '../../generated/resolvers.ts';
import { selectedFields } from '../selection.ts';

export const Livestream: LivestreamResolvers = {
  name: (livestream, _args, { loaders }) => detail(livestream, 'name', loaders.livestream),
  status: (livestream, _args, { loaders }) =>
    mapMaybePromise(detail(livestream, 'status', loaders.livestream), (status) => status ?? 'UNKNOWN'),
  disabled: (livestream, _args, { loaders }) => detail(livestream, 'disabled', loaders.livestream),
  ingestServer: (livestream, _args, { loaders }) => detail(livestream, 'ingestServer', loaders.livestream),
  streamKey: (livestream, _args, { loaders }) => detail(livestream, 'streamKey', loaders.livestream),
  playbackUrl: (livestream, _args, { loaders }) => detail(livestream, 'playbackUrl', loaders.livestream),
  createdAt: (livestream, _args, { loaders }) => detail(livestream, 'createdAt', loaders.livestream),
  updatedAt: (livestream, _args, { loaders }) => detail(livestream, 'updatedAt', loaders.livestream),

  meeting: (livestream, _args, { loaders }) =>
    mapMaybePromise(detail(livestream, 'meetingId', loaders.livestream), (id) => (id === null ? null : { id })),

  activeSession: ({ id, status }, _args, { loaders, reader }) => {
    if (status === 'IDLE' || status === 'OFFLINE') return null;
    const session = loaders.activeSession.load(id);
    if (session instanceof Promise) session.catch(() => reader?.missed(id));
    return session;
  },

  sessions: ({ id }, page, { loaders }, info) => {
    // Each answer tells how many there are, so that nobody waits for a whole page to know it.
    const isCounted = selectedFields(info).isSubsetOf(COUNT);
    return readConnection(page, (range) => loaders.sessions(id, isCounted ? { ...range, count: 1 } : range));
  },
};

/** What the first answer tells of a list. */
const COUNT: ReadonlySet<string> = new Set(['totalCount', '__typename']);
