import { loadConnection } from '../connection.ts';
import { resolveLazyField } from './lazyField.ts';
import type { MeetingResolvers } from '../../generated/resolvers.ts';

export const Meeting: MeetingResolvers = {
  title: (meeting, _args, { loaders }) => resolveLazyField(meeting, 'title', loaders.meeting),
  status: (meeting, _args, { loaders }) => resolveLazyField(meeting, 'status', loaders.meeting),
  createdAt: (meeting, _args, { loaders }) => resolveLazyField(meeting, 'createdAt', loaders.meeting),
  updatedAt: (meeting, _args, { loaders }) => resolveLazyField(meeting, 'updatedAt', loaders.meeting),

  activeLivestream: ({ id }, _args, { loaders }) => loaders.activeLivestream.load(id),

  livestreams: ({ id }, page, { loaders }) => loadConnection(page, (range) => loaders.meetingLivestreams(id, range)),
};
