import { INGEST_SERVER, type LivestreamRecord, type MeetingRecord } from '../records.ts';
import type { ResponseFormats } from '../settings.ts';
import type { MeetingSession, World } from '../world.ts';

type Json = Record<string, unknown>;

/** The reasons for the end of a meeting. */
export const END_REASONS = ['HOST_ENDED_MEETING', 'ALL_PARTICIPANTS_LEFT'] as const;

/** The fields of `livestreaming.statusUpdate`. It has no time, so that a late event looks like a new one. */
export function statusUpdate(
  livestream: LivestreamRecord,
  status: string,
  world: World,
  appId: string,
  formats: ResponseFormats,
): Json {
  if (formats.optionalFields === 'missing') return { streamId: livestream.id };
  const meeting = world.meetings.get(livestream.meetingId ?? '');
  return {
    streamId: livestream.id,
    status: formats.status === 'unknown' ? 'ARCHIVED' : status,
    manualIngest: livestream.meetingId === undefined,
    playbackUrl: world.now() < livestream.playbackUrlVisibleAt ? undefined : livestream.playbackUrl,
    ingestServer: INGEST_SERVER,
    streamKey: livestream.streamKey,
    meeting: meeting === undefined ? undefined : writeMeeting(meeting, appId),
  };
}

/** The meeting in `meeting.started`, and in `meeting.ended` with `endedAt` (ms since the epoch). */
export function meetingOfEvent(meeting: MeetingRecord, session: MeetingSession, appId: string, endedAt?: number): Json {
  return {
    ...writeMeeting(meeting, appId),
    sessionId: session.sessionId,
    startedAt: new Date(session.startedAt).toISOString(),
    endedAt: endedAt === undefined ? undefined : new Date(endedAt).toISOString(),
  };
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
