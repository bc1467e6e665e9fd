import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { ChangedIds, Livestream } from '../domain/models.ts';

/** The name that a start sent. RealtimeKit may return the livestream without a name at first. */
export interface PendingName {
  /** The livestream's id. */
  id: string;
  name: string;
}

/** What a response shows of one livestream. */
export interface LivestreamRead {
  livestreamId: string;
  /** Undefined if the response does not contain the livestream. */
  livestream?: Livestream;
  /** Whether the livestream differs from what was known of it. */
  isChanged?: boolean;
  /** What was known of the livestream before, unless that had been invalidated: null if it did not exist, undefined if nothing was known. */
  previous?: Livestream | null | undefined;
  /** The id of the running session; null if none is running, undefined if the response does not show either. */
  sessionId?: string | null | undefined;
}

/** Notified of what responses to any operation contain, of this gateway's own mutations, and of webhooks. */
export interface ChangeListener {
  /** A response was read at `timestamp`. Its livestream is the newest state known, and has not been invalidated since. */
  onRead(accountId: string, read: LivestreamRead, timestamp: HybridTimestamp): void;
  /** A livestream was started or stopped in this meeting, or may have been. `pendingName` is set if a start sent a name. */
  onMeeting(accountId: string, meetingId: string, timestamp: HybridTimestamp, pendingName?: PendingName | null): void;
  /** A webhook reported a change of these entities, in whichever account. */
  onWebhook(ids: ChangedIds, timestamp: HybridTimestamp): void;
  /** What other replicas published was lost: anything may have changed. */
  onGap(): void;
}

/** Creates a listener that notifies all of its subscribers. */
export function createChangeFeed(): ChangeListener & { subscribe(listener: Partial<ChangeListener>): void } {
  const listeners: Partial<ChangeListener>[] = [];
  return {
    subscribe: (listener) => void listeners.push(listener),
    onRead(...read) {
      for (const listener of listeners) listener.onRead?.(...read);
    },
    onMeeting(...change) {
      for (const listener of listeners) listener.onMeeting?.(...change);
    },
    onWebhook(...change) {
      for (const listener of listeners) listener.onWebhook?.(...change);
    },
    onGap() {
      for (const listener of listeners) listener.onGap?.();
    },
  };
}
