import type { LivestreamRecord } from './records.ts';
import type { World } from './world.ts';

/** Ids of objects in typical states, for tests and manual use. They are the same at every start. */
export type ExampleIds = ReturnType<typeof pickExampleIds>;

/** Finds the example ids in a world that has not changed since it was seeded. */
export function pickExampleIds(world: World) {
  const has = (status: string) => (livestream: LivestreamRecord) => world.statusOf(livestream) === status;
  const livestreamThat = (matches: (livestream: LivestreamRecord) => boolean) =>
    required(world.livestreams.values().find(matches));
  const meetingWith = (matches: (livestreams: LivestreamRecord[]) => boolean) =>
    required(world.meetings.values().find((meeting) => matches(world.livestreamsOf(meeting.id))));
  const latestSessionOf = ({ id }: LivestreamRecord) => required(world.sessionsOf(id)[0]);

  const live = livestreamThat((livestream) => has('LIVE')(livestream) && livestream.meetingId !== undefined);
  const invoked = livestreamThat(has('INVOKED'));
  const errored = livestreamThat(has('ERRORED'));
  const independent = livestreamThat((livestream) => livestream.meetingId === undefined);
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
    offlineLivestreamId: livestreamThat(has('OFFLINE')).id,
    disabledLivestreamId: livestreamThat((livestream) => livestream.disabled).id,
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
