import { tagsOfChange } from './cache/tags.ts';
import type { ChangeListener } from './changeFeed.ts';

/**
 * Finds the reads that show a change, and reports the tags of what it makes outdated. A livestream that a webhook or a mutation has
 * invalidated counts as unknown until it is read again, so that each change is reported once; and what another replica has read, that
 * replica reports.
 */
export function createOutdatedReads(onOutdated: (tags: readonly string[]) => void): Pick<ChangeListener, 'onRead'> {
  return {
    onRead(_accountId, { livestreamId, livestream, isChanged, previous }, { fromPeer }) {
      if (livestream === undefined || !isChanged || previous === undefined || fromPeer) return;
      onOutdated(tagsOfChange({ livestreamId, meetingId: livestream.meetingId }));
    },
  };
}
