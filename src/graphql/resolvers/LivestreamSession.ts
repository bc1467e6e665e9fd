import type { LivestreamSessionResolvers } from '../../generated/resolvers.ts';
import { selectedFields } from '../selection.ts';

export const LivestreamSession: LivestreamSessionResolvers = {
  livestream: ({ livestreamId }, _args, { loaders, viewer }, info) => {
    if (livestreamId === null) return null;
    const freeFields = viewer.scopes.has('livestream:secret') ? KNOWN_FIELDS : KNOWN_FIELDS.union(SECRET_FIELDS);
    const needsDetails = selectedFields(info).difference(freeFields).size > 0;
    return needsDetails ? loaders.livestream.load(livestreamId) : { id: livestreamId };
  },
};

/** The fields of the livestream that need no request, because the session contains its id. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set(['id', '__typename']);
/** Fields that need no request if the caller lacks their scope: they are null with an error. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['streamKey', 'ingestServer']);
