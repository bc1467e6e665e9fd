import type { LivestreamRecord, MeetingRecord, SessionRecord } from './records.ts';
import type { Seed } from './seed.ts';
import type { World } from './world.ts';

/** Ids worth trying; the same at every start. */
export interface ExampleIds {
  /** A meeting that is live, its livestream and the session that runs. */
  liveMeetingId: string;
  liveLivestreamId: string;
  liveSessionId: string;
  /** A meeting with several livestreams, all of them past. */
  idleMeetingId: string;
  idleLivestreamId: string;
  /** A meeting that was never livestreamed. */
  emptyMeetingId: string;
  /** A meeting whose livestream stays INVOKED, because its encoder sends nothing. */
  invokedMeetingId: string;
  invokedLivestreamId: string;
  /** A livestream that failed, and its session with the reason. */
  erroredLivestreamId: string;
  erroredSessionId: string;
  offlineLivestreamId: string;
  disabledLivestreamId: string;
  /** A livestream that belongs to no meeting: live for thirty days, its viewer seconds past 2^31. */
  independentLivestreamId: string;
  independentSessionId: string;
  /** The newest session of `idleLivestreamId`. */
  endedSessionId: string;
}

/** Picks the exampleIds out of a seed. */
export function pickExampleIds(seed: Seed, world: World): ExampleIds {
  const livestreamOf = (wanted: (livestream: LivestreamRecord) => boolean) => found(seed.livestreams.find(wanted));
  const meetingWith = (wanted: (livestreams: LivestreamRecord[]) => boolean): MeetingRecord =>
    found(seed.meetings.find((meeting) => wanted(world.livestreamsOf(meeting.id))));
  const newestSessionOf = (livestream: LivestreamRecord): SessionRecord => found(world.sessionsOf(livestream.id)[0]);
  const has = (status: string) => (livestream: LivestreamRecord) => world.statusOf(livestream) === status;

  const live = livestreamOf((livestream) => has('LIVE')(livestream) && livestream.meetingId !== undefined);
  const invoked = livestreamOf(has('INVOKED'));
  const errored = livestreamOf(has('ERRORED'));
  const independent = livestreamOf((livestream) => livestream.meetingId === undefined);
  const idleMeeting = meetingWith((livestreams) => livestreams.length > 1 && livestreams.every(has('IDLE')));
  const idle = found(world.livestreamsOf(idleMeeting.id)[0]);
  return {
    liveMeetingId: found(live.meetingId),
    liveLivestreamId: live.id,
    liveSessionId: newestSessionOf(live).id,
    idleMeetingId: idleMeeting.id,
    idleLivestreamId: idle.id,
    emptyMeetingId: meetingWith((livestreams) => livestreams.length === 0).id,
    invokedMeetingId: found(invoked.meetingId),
    invokedLivestreamId: invoked.id,
    erroredLivestreamId: errored.id,
    erroredSessionId: newestSessionOf(errored).id,
    offlineLivestreamId: livestreamOf(has('OFFLINE')).id,
    disabledLivestreamId: livestreamOf((livestream) => livestream.disabled).id,
    independentLivestreamId: independent.id,
    independentSessionId: newestSessionOf(independent).id,
    endedSessionId: newestSessionOf(idle).id,
  };
}

function found<T>(sample: T | undefined): T {
  if (sample === undefined) throw new Error('The seed lacks a sample');
  return sample;
}
