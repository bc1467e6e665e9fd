import type { ChangedIds } from '../domain/models.ts';
import { isId } from '../domain/ids.ts';
import type { LivestreamStatus } from '../domain/models.ts';
import { isObject, getProperty, parseJson } from '../realtimekit/json.ts';
import { parseLivestreamStatus, parseUrl } from '../realtimekit/parse.ts';

/** What became of a livestream, as a webhook tells it. It has no time: a late one looks like a new one. */
export interface LivestreamEvent {
  kind: 'livestream';
  livestreamId: string;
  /** `UNKNOWN`: not told, or in a word that is not known. */
  status: LivestreamStatus;
  /** Null: not told. */
  playbackUrl: string | null;
  /** Null: not told, or an independent livestream. */
  meetingId: string | null;
}

export interface MeetingEvent {
  kind: 'meeting';
  meetingId: string;
  phase: 'started' | 'ended';
}

export type WebhookEvent = LivestreamEvent | MeetingEvent;

/** What an event is about. */
export function changedIdsOf(event: WebhookEvent): ChangedIds {
  return { livestreamId: event.kind === 'livestream' ? event.livestreamId : null, meetingId: event.meetingId };
}

/** Something happened that is of no concern here. */
const OTHER = { kind: 'other' } as const;

/**
 * Reads a webhook's body, once. Null: it is no event at all. An event of another kind, and one whose id is none of the API's, is
 * `other`. The stream key that it brings is not looked at.
 */
export function parseWebhookEvent(body: Uint8Array): WebhookEvent | typeof OTHER | null {
  const sent = parseJson(new TextDecoder().decode(body));
  if (!isObject(sent) || typeof sent['event'] !== 'string') return null;
  switch (sent['event']) {
    case 'livestreaming.statusUpdate':
      return parseLivestreamEvent(sent);
    case 'meeting.started':
      return parseMeetingEvent(sent, 'started');
    case 'meeting.ended':
      return parseMeetingEvent(sent, 'ended');
    default:
      return OTHER;
  }
}

function parseLivestreamEvent(sent: object): LivestreamEvent | typeof OTHER {
  const livestreamId = idOf(getProperty(sent, 'streamId'));
  if (livestreamId === null) return OTHER;
  return {
    kind: 'livestream',
    livestreamId,
    status: parseLivestreamStatus(getProperty(sent, 'status')),
    playbackUrl: parseUrl(getProperty(sent, 'playbackUrl')),
    meetingId: idOf(getProperty(getProperty(sent, 'meeting'), 'id')),
  };
}

function parseMeetingEvent(sent: object, phase: MeetingEvent['phase']): MeetingEvent | typeof OTHER {
  const meetingId = idOf(getProperty(getProperty(sent, 'meeting'), 'id'));
  return meetingId === null ? OTHER : { kind: 'meeting', meetingId, phase };
}

function idOf(value: unknown): string | null {
  return typeof value === 'string' && isId(value) ? value : null;
}
