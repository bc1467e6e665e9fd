import { handleMaybePromise } from '@whatwg-node/promise-helpers';

import { loadConnection } from '../connection.ts';
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
    // Every response contains the total count, so one row is enough for it.
    const needsCountOnly = selectedFields(info).isSubsetOf(COUNT_FIELDS);
    return loadConnection(page, (range) => loaders.sessions(id, needsCountOnly ? { ...range, count: 1 } : range));
  },
};

/** The fields of a connection that any page of the list provides. */
const COUNT_FIELDS: ReadonlySet<string> = new Set(['totalCount', '__typename']);
