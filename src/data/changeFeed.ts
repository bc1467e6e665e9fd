import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';

/** The name that a start sent. RealtimeKit may return the livestream without a name at first. */
export interface PendingName {
  /** The livestream's id. */
  id: string;
  name: string;
}

/** Notified of what responses to any operation contain, of this gateway's own mutations, and of webhooks. */
export interface ChangeListener {
  /** A response read at `timestamp` contained this livestream, which has not been invalidated since. */
  onLivestream(accountId: string, livestream: Livestream, timestamp: HybridTimestamp): void;
  /** The livestream's running session was read; `sessionId` is null if none is running. */
  onSession(accountId: string, livestreamId: string, sessionId: string | null, timestamp: HybridTimestamp): void;
  /** A livestream was started or stopped in this meeting, or may have been. `pendingName` is set if a start sent a name. */
  onMeeting(accountId: string, meetingId: string, timestamp: HybridTimestamp, pendingName?: PendingName | null): void;
  /** A webhook reported a change of these entities, in whichever account. */
  onWebhook(ids: ChangedIds, timestamp: HybridTimestamp): void;
}

/** A listener that notifies all of its subscribers. */
export interface ChangeFeed extends ChangeListener {
  subscribe(listener: ChangeListener): void;
}

export function createChangeFeed(): ChangeFeed {
  const listeners: ChangeListener[] = [];
  return {
    subscribe: (listener) => void listeners.push(listener),
    onLivestream(...change) {
      for (const listener of listeners) listener.onLivestream(...change);
    },
    onSession(...change) {
      for (const listener of listeners) listener.onSession(...change);
    },
    onMeeting(...change) {
      for (const listener of listeners) listener.onMeeting(...change);
    },
    onWebhook(...change) {
      for (const listener of listeners) listener.onWebhook(...change);
    },
  };
}
