import { handleMaybePromise } from '@whatwg-node/promise-helpers';

import { readConnection } from '../connection.ts';
import { resolveLazyField } from './lazyField.ts';
import type { LivestreamResolvers } from '../../generated/resolvers.ts';
import { selectedFields } from '../selection.ts';

export const Livestream: LivestreamResolvers = {
  name: (livestream, _args, { loaders }) => resolveLazyField(livestream, 'name', loaders.livestream),
  status: (livestream, _args, { loaders }) =>
    handleMaybePromise(
      () => resolveLazyField(livestream, 'status', loaders.livestream),
      (status) => status ?? 'UNKNOWN',
    ),
  disabled: (livestream, _args, { loaders }) => resolveLazyField(livestream, 'disabled', loaders.livestream),
  ingestServer: (livestream, _args, { loaders }) => resolveLazyField(livestream, 'ingestServer', loaders.livestream),
  streamKey: (livestream, _args, { loaders }) => resolveLazyField(livestream, 'streamKey', loaders.livestream),
  playbackUrl: (livestream, _args, { loaders }) => resolveLazyField(livestream, 'playbackUrl', loaders.livestream),
  createdAt: (livestream, _args, { loaders }) => resolveLazyField(livestream, 'createdAt', loaders.livestream),
  updatedAt: (livestream, _args, { loaders }) => resolveLazyField(livestream, 'updatedAt', loaders.livestream),

  meeting: (livestream, _args, { loaders }) =>
    handleMaybePromise(
      () => resolveLazyField(livestream, 'meetingId', loaders.livestream),
      (id) => (id === null ? null : { id }),
    ),

  activeSession: ({ id, status }, _args, { loaders, subscription }) => {
    if (status === 'IDLE' || status === 'OFFLINE') return null;
    const session = loaders.activeSession.load(id);
    if (session instanceof Promise) session.catch(() => subscription?.nack(id));
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
