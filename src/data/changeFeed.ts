import type { Livestream } from '../domain/models.ts';
import type { HybridTimestamp } from '../cluster/hybridClock.ts';

/** A livestream that was started with this name, which upstream may tell late. */
export interface PendingName {
  id: string;
  name: string;
}

/** Is told what any answer to anybody says, unless it was changed since, and what this gateway changes itself. */
export interface ChangeListener {
  onLivestream(accountId: string, livestream: Livestream, moment: HybridTimestamp): void;
  /** The livestream's running session; null: none runs. */
  onSession(accountId: string, livestreamId: string, sessionId: string | null, moment: HybridTimestamp): void;
  /** A start or a stop in this meeting. */
  onMeeting(accountId: string, meetingId: string, moment: HybridTimestamp, named?: PendingName | null): void;
  /** A webhook told of these. */
  onWebhook(ids: { livestreamId: string | null; meetingId: string | null }, moment: HybridTimestamp): void;
}

/** One that passes on what it is told to all that have been added to it. */
export function createChangeFeed(): ChangeListener & { add(observer: ChangeListener): void } {
  const observers: ChangeListener[] = [];
  return {
    add: (observer) => void observers.push(observer),
    onLivestream(...seen) {
      for (const observer of observers) observer.onLivestream(...seen);
    },
    onSession(...seen) {
      for (const observer of observers) observer.onSession(...seen);
    },
    onMeeting(...seen) {
      for (const observer of observers) observer.onMeeting(...seen);
    },
    onWebhook(...seen) {
      for (const observer of observers) observer.onWebhook(...seen);
    },
  };
}
