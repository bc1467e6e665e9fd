import { INGEST_SERVER, type LivestreamRecord, type MeetingRecord } from '../records.ts';
import type { ResponseFormats } from '../settings.ts';
import type { MeetingSession } from '../world.ts';

type Json = Record<string, unknown>;

/** Why a meeting ended. */
export const END_REASONS = ['HOST_ENDED_MEETING', 'ALL_PARTICIPANTS_LEFT'] as const;
export type EndReason = (typeof END_REASONS)[number];

/** What becomes of a livestream, as it is at `now`. */
export interface StatusUpdate {
  livestream: LivestreamRecord;
  /** Undefined: an independent livestream. */
  meeting: MeetingRecord | undefined;
  status: string;
  now: number;
}

/** The body of `livestreaming.statusUpdate`. It says nothing of when: a late one looks like a new one. */
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

export function meetingStartedPayload(meeting: MeetingRecord, gathering: MeetingSession, appId: string): Json {
  return { event: 'meeting.started', meeting: { ...writeMeeting(meeting, appId), ...writeGathering(gathering) } };
}

export function meetingEndedPayload(
  meeting: MeetingRecord,
  ended: { gathering: MeetingSession; at: number; reason: EndReason },
  appId: string,
): Json {
  const times = { ...writeGathering(ended.gathering), endedAt: new Date(ended.at).toISOString() };
  return { event: 'meeting.ended', meeting: { ...writeMeeting(meeting, appId), ...times }, reason: ended.reason };
}

/** The vendor's examples have the status `LIVE` in every event, at the meeting's end too. */
function writeMeeting(meeting: MeetingRecord, appId: string): Json {
  return {
    id: meeting.id,
    title: meeting.title,
    createdAt: new Date(meeting.createdAt).toISOString(),
    status: 'LIVE',
    organizedBy: { id: appId, name: 'Sandbox organization' },
  };
}

function writeGathering({ sessionId, startedAt }: MeetingSession): Json {
  return { sessionId, startedAt: new Date(startedAt).toISOString() };
}
