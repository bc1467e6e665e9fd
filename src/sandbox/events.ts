import { InputError, Fields } from './fields.ts';
import { END_REASONS, type EndReason } from './webhooks/payloads.ts';
import type { WebhookNotifier } from './webhooks/webhookNotifier.ts';
import type { World } from './world.ts';

const KINDS = ['livestream-failed', 'livestream-renamed', 'meeting-started', 'meeting-ended'] as const;

/** Something that happens without a call of the API. */
export type SandboxEvent =
  /** A livestream that is LIVE or INVOKED ends as ERRORED. */
  | { kind: 'livestream-failed'; livestreamId: string; message?: string }
  | { kind: 'livestream-renamed'; livestreamId: string; name: string }
  | { kind: 'meeting-started'; meetingId: string }
  /** Its livestream, if it has an active one, ends with it. */
  | { kind: 'meeting-ended'; meetingId: string; reason?: EndReason };

/** Makes something happen; throws `BadInput`, changing nothing, where it cannot. */
export function triggerEvent(value: unknown, world: World, webhooks: WebhookNotifier): void {
  const fields = new Fields(value);
  const kind = fields.choice('kind', KINDS);
  switch (kind) {
    case 'livestream-failed':
      return fail(fields, world, webhooks);
    case 'livestream-renamed':
      return rename(fields, world, webhooks);
    case 'meeting-started': {
      const meetingId = meetingOf(fields, world);
      fields.rejectUnknownKeys();
      return webhooks.meetingStarted(meetingId);
    }
    case 'meeting-ended': {
      const meetingId = meetingOf(fields, world);
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
  const id = required(fields, 'livestreamId');
  const message = fields.string('message') ?? 'The encoder closed the connection unexpectedly';
  fields.rejectUnknownKeys();
  if (!world.fail(id, message))
    throw new InputError('livestreamId must be that of a livestream that is LIVE or INVOKED');
  webhooks.checkForChanges();
}

function rename(fields: Fields, world: World, webhooks: WebhookNotifier): void {
  const id = required(fields, 'livestreamId');
  const name = required(fields, 'name');
  fields.rejectUnknownKeys();
  if (!world.rename(id, name)) throw new InputError('livestreamId must be that of a livestream');
  webhooks.checkForChanges();
}

function meetingOf(fields: Fields, world: World): string {
  const id = required(fields, 'meetingId');
  if (world.meeting(id) === undefined) throw new InputError('meetingId must be that of a meeting');
  return id;
}

function required(fields: Fields, key: string): string {
  const text = fields.string(key);
  if (text === undefined) throw new InputError(`${key} is required`);
  return text;
}
