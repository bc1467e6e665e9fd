import * as v from 'valibot';

import { RequestError, choice, mustBeOneOf, object, parseInput, string } from './input.ts';
import type { MeetingRecord } from './records.ts';
import { END_REASONS } from './webhooks/payloads.ts';
import type { WebhookNotifier } from './webhooks/webhookNotifier.ts';
import type { World } from './world.ts';

const EVENTS = [
  /** A livestream that is LIVE or INVOKED ends as ERRORED. */
  object({
    kind: v.literal('livestream-failed'),
    livestreamId: string,
    message: v.optional(string, 'The encoder closed the connection unexpectedly'),
  }),
  object({ kind: v.literal('livestream-renamed'), livestreamId: string, name: string }),
  object({ kind: v.literal('meeting-started'), meetingId: string }),
  /** The meeting's active livestream, if any, ends too. */
  object({
    kind: v.literal('meeting-ended'),
    meetingId: string,
    reason: v.optional(choice(END_REASONS), 'HOST_ENDED_MEETING'),
  }),
] as const;

const EVENT = v.variant('kind', EVENTS, ({ input }) =>
  mustBeOneOf(
    EVENTS.map(({ entries }) => entries.kind.literal),
    input,
  ),
);

/** A change that is not caused by an API request. */
export type SandboxEvent = v.InferInput<typeof EVENT>;

/** Triggers an event; throws a `RequestError`, and changes nothing, if the event is invalid or impossible. */
export function triggerEvent(value: unknown, world: World, notifier: WebhookNotifier): void {
  const event = parseInput(EVENT, value);
  switch (event.kind) {
    case 'livestream-failed':
      if (!world.fail(event.livestreamId, event.message))
        throw new RequestError('livestreamId must be the ID of a livestream that is LIVE or INVOKED');
      return notifier.checkForChanges();
    case 'livestream-renamed':
      if (!world.rename(event.livestreamId, event.name))
        throw new RequestError('livestreamId must be the ID of a livestream');
      return notifier.checkForChanges();
    case 'meeting-started':
      return notifier.meetingStarted(requireMeeting(event.meetingId, world));
    case 'meeting-ended':
      return notifier.meetingEnded(requireMeeting(event.meetingId, world), event.reason);
    default:
      return event satisfies never;
  }
}

function requireMeeting(id: string, world: World): MeetingRecord {
  const meeting = world.meetings.get(id);
  if (meeting === undefined) throw new RequestError('meetingId must be the ID of a meeting');
  return meeting;
}
