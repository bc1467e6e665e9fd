import type { LivestreamRecord, MeetingRecord, SessionRecord } from './records.ts';
import type { Seed } from './seed.ts';
import type { World } from './world.ts';

/** Ids of objects in typical states, for tests and manual use. They are the same at every start. */
export type ExampleIds = ReturnType<typeof pickExampleIds>;

/** Finds the example ids in a seed. */
export function pickExampleIds(seed: Seed, world: World) {
  const livestreamOf = (predicate: (livestream: LivestreamRecord) => boolean) =>
    required(seed.livestreams.find(predicate));
  const meetingWith = (predicate: (livestreams: LivestreamRecord[]) => boolean): MeetingRecord =>
    required(seed.meetings.find((meeting) => predicate(world.livestreamsOf(meeting.id))));
  const latestSessionOf = (livestream: LivestreamRecord): SessionRecord => required(world.sessionsOf(livestream.id)[0]);
  const has = (status: string) => (livestream: LivestreamRecord) => world.statusOf(livestream) === status;

  const live = livestreamOf((livestream) => has('LIVE')(livestream) && livestream.meetingId !== undefined);
  const invoked = livestreamOf(has('INVOKED'));
  const errored = livestreamOf(has('ERRORED'));
  const independent = livestreamOf((livestream) => livestream.meetingId === undefined);
  const idleMeeting = meetingWith((livestreams) => livestreams.length > 1 && livestreams.every(has('IDLE')));
  const idle = required(world.livestreamsOf(idleMeeting.id)[0]);
  return {
    /** A meeting that is live, its livestream and the running session. */
    liveMeetingId: required(live.meetingId),
    liveLivestreamId: live.id,
    liveSessionId: latestSessionOf(live).id,
    /** A meeting with several livestreams, all of which have ended. */
    idleMeetingId: idleMeeting.id,
    idleLivestreamId: idle.id,
    /** A meeting without livestreams. */
    emptyMeetingId: meetingWith((livestreams) => livestreams.length === 0).id,
    /** A meeting whose livestream stays INVOKED: its encoder sends nothing. */
    invokedMeetingId: required(invoked.meetingId),
    invokedLivestreamId: invoked.id,
    /** A livestream that failed, and its session with the error message. */
    erroredLivestreamId: errored.id,
    erroredSessionId: latestSessionOf(errored).id,
    offlineLivestreamId: livestreamOf(has('OFFLINE')).id,
    disabledLivestreamId: livestreamOf((livestream) => livestream.disabled).id,
    /** A livestream without a meeting. It has been live for 30 days; its viewer seconds exceed 2^31. */
    independentLivestreamId: independent.id,
    independentSessionId: latestSessionOf(independent).id,
    /** The latest session of `idleLivestreamId`. */
    endedSessionId: latestSessionOf(idle).id,
  };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The seed lacks an example');
  return value;
}
