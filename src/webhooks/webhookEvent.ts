import { isId } from '../domain/ids.ts';
import type { ChangedIds } from '../domain/models.ts';
import { isObject, getProperty, parseJson } from '../realtimekit/json.ts';

/**
 * Parses a webhook's body: the ids of what has changed. Returns null if the body is not an event, and `other` for an event that does
 * not affect livestreams, or has no valid id. Nothing else is read: an event has no timestamp, so that its status may be outdated,
 * and its stream key is secret.
 */
export function parseWebhookEvent(body: Uint8Array): ChangedIds | 'other' | null {
  const payload = parseJson(new TextDecoder().decode(body));
  if (!isObject(payload) || typeof payload['event'] !== 'string') return null;
  const meetingId = parseId(getProperty(getProperty(payload, 'meeting'), 'id'));
  switch (payload['event']) {
    case 'livestreaming.statusUpdate': {
      const livestreamId = parseId(getProperty(payload, 'streamId'));
      return livestreamId === null ? 'other' : { livestreamId, meetingId };
    }
    case 'meeting.started':
    case 'meeting.ended':
      return meetingId === null ? 'other' : { livestreamId: null, meetingId };
    default:
      return 'other';
  }
}

function parseId(value: unknown): string | null {
  return typeof value === 'string' && isId(value) ? value : null;
}
