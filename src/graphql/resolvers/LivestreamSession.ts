import type { LivestreamSessionResolvers } from '../../generated/resolvers.ts';
import { selectedFields } from '../selection.ts';

export const LivestreamSession: LivestreamSessionResolvers = {
  livestream: ({ livestreamId }, _args, { loaders, viewer }, info) => {
    if (livestreamId === null) return null;
    const told = viewer.scopes.has('livestream:secret') ? KNOWN : KNOWN.union(SECRET);
    const needsDetails = selectedFields(info).difference(told).size > 0;
    return needsDetails ? loaders.livestream.load(livestreamId) : { id: livestreamId };
  },
};

/** What the session tells of its livestream, so that it costs no request. */
const KNOWN: ReadonlySet<string> = new Set(['id', '__typename']);
/** What is refused without a request to whoever may not have it. */
const SECRET: ReadonlySet<string> = new Set(['streamKey', 'ingestServer']);
