import type { Livestream } from '../domain/models.ts';
import type { Moment } from '../cluster/hybridClock.ts';

/** A livestream that was started with this name, which upstream may tell late. */
export interface Named {
  id: string;
  name: string;
}

/** Is told what any answer to anybody says, unless it was changed since, and what this gateway changes itself. */
export interface Observer {
  livestream(accountId: string, livestream: Livestream, moment: Moment): void;
  /** The livestream's running session; null: none runs. */
  session(accountId: string, livestreamId: string, sessionId: string | null, moment: Moment): void;
  /** A start or a stop in this meeting. */
  meeting(accountId: string, meetingId: string, moment: Moment, named?: Named | null): void;
  /** A webhook told of these. */
  told(ids: { livestreamId: string | null; meetingId: string | null }, moment: Moment): void;
}

/** One that passes on what it is told to all that have been added to it. */
export function createObservers(): Observer & { add(observer: Observer): void } {
  const observers: Observer[] = [];
  return {
    add: (observer) => void observers.push(observer),
    livestream(...seen) {
      for (const observer of observers) observer.livestream(...seen);
    },
    session(...seen) {
      for (const observer of observers) observer.session(...seen);
    },
    meeting(...seen) {
      for (const observer of observers) observer.meeting(...seen);
    },
    told(...seen) {
      for (const observer of observers) observer.told(...seen);
    },
  };
}
