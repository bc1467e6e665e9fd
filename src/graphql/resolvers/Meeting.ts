import { loadConnection } from '../connection.ts';
import { lazyFieldOf } from './lazyField.ts';
import type { MeetingRef } from '../../domain/models.ts';
import type { MeetingResolvers } from '../../generated/resolvers.ts';

const lazyField = lazyFieldOf<MeetingRef>((loaders) => loaders.meeting);

export const Meeting: MeetingResolvers = {
  title: lazyField('title'),
  status: lazyField('status'),
  createdAt: lazyField('createdAt'),
  updatedAt: lazyField('updatedAt'),

  activeLivestream: ({ id }, _args, { loaders }) => loaders.activeLivestream.load(id),

  livestreams: ({ id }, page, { loaders }) => loadConnection(page, (range) => loaders.meetingLivestreams(id, range)),
};
