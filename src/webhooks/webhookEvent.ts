import { isId } from '../domain/ids.ts';
import type { ChangedIds, LivestreamStatus } from '../domain/models.ts';
import { isObject, getProperty, parseJson } from '../realtimekit/json.ts';
import { parseLivestreamStatus, parseUrl } from '../realtimekit/parse.ts';

/** A livestream's status changed (`livestreaming.statusUpdate`). The event has no timestamp: a late delivery looks like a new event. */
export interface LivestreamEvent {
  kind: 'livestream';
  livestreamId: string;
  /** `UNKNOWN` if the event has no status, or one that the API does not define. */
  status: LivestreamStatus;
  /** Null if absent. */
  playbackUrl: string | null;
  /** Null if absent, which includes every livestream that is independent of a meeting. */
  meetingId: string | null;
}

/** A meeting started or ended (`meeting.started`, `meeting.ended`). */
export interface MeetingEvent {
  kind: 'meeting';
  meetingId: string;
  phase: 'started' | 'ended';
}

export type WebhookEvent = LivestreamEvent | MeetingEvent;

/** The ids of the entities that the event affects. */
export function changedIdsOf(event: WebhookEvent): ChangedIds {
  return { livestreamId: event.kind === 'livestream' ? event.livestreamId : null, meetingId: event.meetingId };
}

/** An event that does not affect livestreams, or has no valid id. */
const OTHER_EVENT = { kind: 'other' } as const;

/**
 * Parses a webhook's body. Returns null if the body is not an event, and `other` for an event that the gateway ignores. The stream
 * key in the body is secret and never read.
 */
export function parseWebhookEvent(body: Uint8Array): WebhookEvent | typeof OTHER_EVENT | null {
  const payload = parseJson(new TextDecoder().decode(body));
  if (!isObject(payload) || typeof payload['event'] !== 'string') return null;
  switch (payload['event']) {
    case 'livestreaming.statusUpdate':
      return parseLivestreamEvent(payload);
    case 'meeting.started':
      return parseMeetingEvent(payload, 'started');
    case 'meeting.ended':
      return parseMeetingEvent(payload, 'ended');
    default:
      return OTHER_EVENT;
  }
}

function parseLivestreamEvent(payload: object): LivestreamEvent | typeof OTHER_EVENT {
  const livestreamId = parseId(getProperty(payload, 'streamId'));
  if (livestreamId === null) return OTHER_EVENT;
  return {
    kind: 'livestream',
    livestreamId,
    status: parseLivestreamStatus(getProperty(payload, 'status')),
    playbackUrl: parseUrl(getProperty(payload, 'playbackUrl')),
    meetingId: parseId(getProperty(getProperty(payload, 'meeting'), 'id')),
  };
}

function parseMeetingEvent(payload: object, phase: MeetingEvent['phase']): MeetingEvent | typeof OTHER_EVENT {
  const meetingId = parseId(getProperty(getProperty(payload, 'meeting'), 'id'));
  return meetingId === null ? OTHER_EVENT : { kind: 'meeting', meetingId, phase };
}

function parseId(value: unknown): string | null {
  return typeof value === 'string' && isId(value) ? value : null;
}
