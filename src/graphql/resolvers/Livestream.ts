import { loadConnection } from '../connection.ts';
import { lazyFieldOf } from './lazyField.ts';
import type { LivestreamRef } from '../../domain/models.ts';
import type { LivestreamResolvers } from '../../generated/resolvers.ts';
import { whenReady } from '../../lib/maybePromise.ts';
import { selectedFields } from '../selection.ts';

const lazyField = lazyFieldOf<LivestreamRef>((loaders) => loaders.livestream);
const resolveStatus = lazyField('status');
const resolveMeetingId = lazyField('meetingId');

export const Livestream: LivestreamResolvers = {
  name: lazyField('name'),
  status: (livestream, args, context) =>
    whenReady(resolveStatus(livestream, args, context), (status) => status ?? 'UNKNOWN'),
  disabled: lazyField('disabled'),
  ingestServer: lazyField('ingestServer'),
  streamKey: lazyField('streamKey'),
  playbackUrl: lazyField('playbackUrl'),
  createdAt: lazyField('createdAt'),
  updatedAt: lazyField('updatedAt'),

  meeting: (livestream, args, context) =>
    whenReady(resolveMeetingId(livestream, args, context), (id) => (id === null ? null : { id })),

  activeSession: ({ id, status }, _args, { loaders, subscription }) => {
    if (status === 'IDLE' || status === 'OFFLINE') return null;
    const session = loaders.activeSession.load(id);
    if (subscription !== undefined && session instanceof Promise) session.catch(() => subscription.nack(id));
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
