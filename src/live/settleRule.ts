import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { isActive, isSameVisibleState } from '../domain/livestreamState.ts';
import type { Livestream } from '../domain/models.ts';
import type { PublishedState } from './types.ts';

/** How a state that was read relates to the one that was published. */
type Relation =
  /** A state of this time or a later one was published. */
  | 'outdated'
  /** The state differs, but may be older or newer than the published one. The livestream must be read again. */
  | 'ambiguous'
  | 'current';

/** What is known of a livestream's publication. */
interface Publication {
  /** Null if no state concerns a subscriber at present. */
  published: PublishedState | null;
  /** The logical time at which the last published state arrived, also if that one is no longer of concern; 0 if there was none. */
  arrivedAt: number;
}

/**
 * Relates a livestream as it was at `timestamp` to what was published. A state that was requested before the published one arrived is
 * ambiguous: nobody knows which of two responses is newer if their requests were in flight at the same time.
 */
export function relate(
  { published, arrivedAt }: Publication,
  state: Livestream,
  { logical }: HybridTimestamp,
): Relation {
  if (published !== null && published.timestamp.logical >= logical) return 'outdated';
  // After the end of a livestream, another ended state contradicts nothing.
  const isContradiction = published === null ? isActive(state) : !isSameVisibleState(published.livestream, state);
  return isContradiction && logical < arrivedAt ? 'ambiguous' : 'current';
}
