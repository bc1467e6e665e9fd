import { DateTimeResolver as DateTime, URLResolver as URL } from 'graphql-scalars';

import type { Resolvers } from '../generated/resolvers.ts';
import { Livestream } from './Livestream.ts';
import { LivestreamSession } from './LivestreamSession.ts';
import { Meeting } from './Meeting.ts';
import { Mutation } from './Mutation.ts';
import { Query } from './Query.ts';
import { Subscription } from './Subscription.ts';

export const resolvers: Resolvers = {
  DateTime,
  Livestream,
  LivestreamSession,
  Meeting,
  Mutation,
  Query,
  Subscription,
  URL,
};
