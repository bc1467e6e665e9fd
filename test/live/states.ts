import type { Livestream } from '../../src/domain/models.ts';
import type { PublishedState } from '../../src/live/types.ts';

/** A livestream that is LIVE in a meeting, with these changes. */
export function livestreamOf(changes: Partial<Livestream> = {}): Livestream {
  return {
    id: 'a',
    name: 'Show',
    status: 'LIVE',
    disabled: false,
    ingestServer: null,
    streamKey: null,
    playbackUrl: null,
    createdAt: null,
    updatedAt: null,
    meetingId: 'm',
    ...changes,
  };
}

/** A state of this livestream that was published at a logical time. */
export function publishedState(livestream: Livestream, logical = 10): PublishedState {
  return { livestream, sessionId: null, timestamp: { logical, wallTime: logical } };
}
