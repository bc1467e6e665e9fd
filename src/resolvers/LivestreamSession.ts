import type { LivestreamSessionResolvers } from '../generated/resolvers.ts';
import { selectedFields } from '../selection.ts';

export const LivestreamSession: LivestreamSessionResolvers = {
  livestream: ({ livestreamId }, _args, { loaders }, info) => {
    if (livestreamId === null) return null;
    const needsDetails = selectedFields(info).difference(KNOWN).size > 0;
    return needsDetails ? loaders.livestream.load(livestreamId) : { id: livestreamId };
  },
};

/** What the session tells of its livestream, so that it costs no request. */
const KNOWN: ReadonlySet<string> = new Set(['id', '__typename']);
