import { DateResolver as Date, DateTimeResolver as DateTime, URLResolver as URL } from 'graphql-scalars';

import type { Resolvers } from '../../generated/resolvers.ts';
import { Livestream } from './Livestream.ts';
import { LivestreamAnalytics, LivestreamAnalyticsDay } from './LivestreamAnalytics.ts';
import { LivestreamSession } from './LivestreamSession.ts';
import { Meeting } from './Meeting.ts';
import { Mutation } from './Mutation.ts';
import { Query } from './Query.ts';
import { Subscription } from './Subscription.ts';

export const resolvers: Resolvers = {
  Date,
  DateTime,
  Livestream,
  LivestreamAnalytics,
  LivestreamAnalyticsDay,
  LivestreamSession,
  Meeting,
  Mutation,
  Query,
  Subscription,
  URL,
};
