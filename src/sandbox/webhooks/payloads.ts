import { INGEST_SERVER, type LivestreamRecord, type MeetingRecord } from '../records.ts';
import type { ResponseFormats } from '../settings.ts';
import type { MeetingSession } from '../world.ts';

type Json = Record<string, unknown>;

/** The reasons for the end of a meeting. */
export const END_REASONS = ['HOST_ENDED_MEETING', 'ALL_PARTICIPANTS_LEFT'] as const;
/** Why a meeting ended. */
export type EndReason = (typeof END_REASONS)[number];

/** A new status of a livestream, at `now` (ms since the epoch). */
export interface StatusUpdate {
  livestream: LivestreamRecord;
  /** Undefined if the livestream is independent. */
  meeting: MeetingRecord | undefined;
  status: string;
  now: number;
}

/** The body of `livestreaming.statusUpdate`. It has no time, so that a late event looks like a new one. */
export function statusUpdatePayload(
  { livestream, meeting, status, now }: StatusUpdate,
  appId: string,
  responseFormats: ResponseFormats,
): Json {
  const id = { event: 'livestreaming.statusUpdate', streamId: livestream.id };
  if (responseFormats.optionalFields === 'missing') return id;
  return {
    ...id,
    status: responseFormats.status === 'unknown' ? 'ARCHIVED' : status,
    manualIngest: livestream.meetingId === undefined,
    playbackUrl: now < livestream.playbackUrlVisibleAt ? undefined : livestream.playbackUrl,
    ingestServer: INGEST_SERVER,
    streamKey: livestream.streamKey,
    meeting: meeting === undefined ? undefined : writeMeeting(meeting, appId),
  };
}

/** The body of `meeting.started`. */
export function meetingStartedPayload(meeting: MeetingRecord, session: MeetingSession, appId: string): Json {
  return { event: 'meeting.started', meeting: { ...writeMeeting(meeting, appId), ...writeSession(session) } };
}

/** The body of `meeting.ended`. */
export function meetingEndedPayload(
  meeting: MeetingRecord,
  ended: { session: MeetingSession; at: number; reason: EndReason },
  appId: string,
): Json {
  const times = { ...writeSession(ended.session), endedAt: new Date(ended.at).toISOString() };
  return { event: 'meeting.ended', meeting: { ...writeMeeting(meeting, appId), ...times }, reason: ended.reason };
}

/** The status is `LIVE` in every event, even at the meeting's end, as in the vendor's examples. */
function writeMeeting(meeting: MeetingRecord, appId: string): Json {
  return {
    id: meeting.id,
    title: meeting.title,
    createdAt: new Date(meeting.createdAt).toISOString(),
    status: 'LIVE',
    organizedBy: { id: appId, name: 'Sandbox organization' },
  };
}

function writeSession({ sessionId, startedAt }: MeetingSession): Json {
  return { sessionId, startedAt: new Date(startedAt).toISOString() };
}
