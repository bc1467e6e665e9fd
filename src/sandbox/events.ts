import { InputError, Fields } from './fields.ts';
import { END_REASONS, type EndReason } from './webhooks/payloads.ts';
import type { WebhookNotifier } from './webhooks/webhookNotifier.ts';
import type { World } from './world.ts';

const KINDS = ['livestream-failed', 'livestream-renamed', 'meeting-started', 'meeting-ended'] as const;

/** A change that is not caused by an API request. */
export type SandboxEvent =
  /** A livestream that is LIVE or INVOKED ends as ERRORED. */
  | { kind: 'livestream-failed'; livestreamId: string; message?: string }
  | { kind: 'livestream-renamed'; livestreamId: string; name: string }
  | { kind: 'meeting-started'; meetingId: string }
  /** The meeting's active livestream, if any, ends too. */
  | { kind: 'meeting-ended'; meetingId: string; reason?: EndReason };

/** Triggers an event; throws an `InputError`, and changes nothing, if the event is invalid or impossible. */
export function triggerEvent(value: unknown, world: World, webhooks: WebhookNotifier): void {
  const fields = new Fields(value);
  const kind = fields.choice('kind', KINDS);
  switch (kind) {
    case 'livestream-failed':
      return fail(fields, world, webhooks);
    case 'livestream-renamed':
      return rename(fields, world, webhooks);
    case 'meeting-started': {
      const meetingId = requireMeetingId(fields, world);
      fields.rejectUnknownKeys();
      return webhooks.meetingStarted(meetingId);
    }
    case 'meeting-ended': {
      const meetingId = requireMeetingId(fields, world);
      const reason = fields.choice('reason', END_REASONS) ?? 'HOST_ENDED_MEETING';
      fields.rejectUnknownKeys();
      return webhooks.meetingEnded(meetingId, reason);
    }
    case undefined:
      throw new InputError(`kind must be one of ${KINDS.join(', ')}`);
    default:
      return kind satisfies never;
  }
}

function fail(fields: Fields, world: World, webhooks: WebhookNotifier): void {
  const id = requireString(fields, 'livestreamId');
  const message = fields.string('message') ?? 'The encoder closed the connection unexpectedly';
  fields.rejectUnknownKeys();
  if (!world.fail(id, message))
    throw new InputError('livestreamId must be the id of a livestream that is LIVE or INVOKED');
  webhooks.checkForChanges();
}

function rename(fields: Fields, world: World, webhooks: WebhookNotifier): void {
  const id = requireString(fields, 'livestreamId');
  const name = requireString(fields, 'name');
  fields.rejectUnknownKeys();
  if (!world.rename(id, name)) throw new InputError('livestreamId must be the id of a livestream');
  webhooks.checkForChanges();
}

function requireMeetingId(fields: Fields, world: World): string {
  const id = requireString(fields, 'meetingId');
  if (world.meeting(id) === undefined) throw new InputError('meetingId must be the id of a meeting');
  return id;
}

function requireString(fields: Fields, key: string): string {
  const value = fields.string(key);
  if (value === undefined) throw new InputError(`${key} is required`);
  return value;
}
