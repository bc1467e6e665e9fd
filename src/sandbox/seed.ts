import {
  type LivestreamRecord,
  type MeetingRecord,
  type SessionRecord,
  type Status,
  createIdentity,
} from './records.ts';
import { INDEPENDENT_NAMES, meetingTitles } from './names.ts';
import type { Random } from './random.ts';

/** The initial state of the sandbox. */
export type Seed = ReturnType<typeof seedWorld>;

/** A livestream to create. */
interface LivestreamPlan {
  status: Status;
  meeting?: MeetingRecord | undefined;
  name: string;
  disabled?: boolean;
}

/** The number of meetings, and of livestreams in each status. Those of `independentLive`, and the first past ones, have no meeting. */
const COUNTS = { meetings: 240, live: 60, independentLive: 4, invoked: 8, errored: 12, offline: 20, idle: 216 };
/** The meetings from this index on have no livestreams. */
const NEVER_LIVESTREAMED_FROM = 180;

const ERROR_MESSAGES = [
  'No frames were received from the encoder for 60 seconds',
  'The encoder closed the connection unexpectedly',
  'Unsupported video codec: HEVC',
  'The keyframe interval is longer than 10 seconds',
];

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Creates meetings, livestreams and sessions. Ids and names depend on `random` only; all times are relative to `now`. */
export function seedWorld(now: number, random: Random) {
  const meetings = meetingTitles(COUNTS.meetings, random).map((title) => seedMeeting(title, now, random));
  const plans = [...activePlans(meetings), ...pastPlans(meetings, random)];
  const seeded = plans.map((plan, index) => seedLivestream(plan, index, now, random));
  return {
    meetings,
    livestreams: seeded.map(({ livestream }) => livestream),
    sessions: seeded.flatMap(({ sessions }) => sessions),
  };
}

function seedMeeting(title: string, now: number, random: Random): MeetingRecord {
  const createdAt = now - random.between(200 * DAY_MS, 500 * DAY_MS);
  const updatedAt = createdAt + random.between(0, 150 * DAY_MS);
  return { id: random.uuid(), title, status: random.between(1, 8) === 1 ? 'INACTIVE' : 'ACTIVE', createdAt, updatedAt };
}

function activePlans(meetings: MeetingRecord[]): LivestreamPlan[] {
  const inMeetings = meetings.slice(0, COUNTS.live + COUNTS.invoked).map((meeting, index): LivestreamPlan => {
    meeting.status = 'ACTIVE';
    return { status: index < COUNTS.live ? 'LIVE' : 'INVOKED', meeting, name: meeting.title };
  });
  const independent = INDEPENDENT_NAMES.slice(0, COUNTS.independentLive).map(
    (name) => ({ status: 'LIVE', name }) as const,
  );
  // The livestream that runs round the clock must come first: its viewer seconds exceed 2^31.
  return [...independent, ...inMeetings];
}

function pastPlans(meetings: MeetingRecord[], random: Random): LivestreamPlan[] {
  const repeat = (status: Status, length: number) => Array.from({ length }, () => status);
  const statuses = [
    ...repeat('IDLE', COUNTS.idle),
    ...repeat('OFFLINE', COUNTS.offline),
    ...repeat('ERRORED', COUNTS.errored),
  ];
  return statuses.map((status, index): LivestreamPlan => {
    const disabled = status === 'IDLE' && index % 9 === 0;
    const independentName = INDEPENDENT_NAMES[COUNTS.independentLive + index];
    if (independentName !== undefined) return { status, name: independentName, disabled };
    const meeting = meetings[random.between(0, NEVER_LIVESTREAMED_FROM - 1)];
    return { status, meeting, name: `${meeting?.title ?? 'Open studio'}, week ${random.between(1, 30)}`, disabled };
  });
}

function seedLivestream(plan: LivestreamPlan, index: number, now: number, random: Random) {
  const identity = createIdentity(random);
  const last = index === 0 ? roundTheClock(identity.id, now, random) : lastSession(plan, identity.id, now, random);
  const sessions = [...earlierSessions(last, index % 5 === 0 ? random.between(1, 2) : 0, random), last];
  const createdAt = Math.min(...sessions.map((session) => session.invokedAt)) - 2 * SECOND_MS;
  const { status, meeting, name, disabled = false } = plan;
  const livestream: LivestreamRecord = {
    ...identity,
    meetingId: meeting?.id,
    name,
    nameVisibleAt: createdAt,
    playbackUrlVisibleAt: createdAt,
    disabled,
    createdAt,
    inactiveStatus: status === 'OFFLINE' || status === 'ERRORED' ? status : 'IDLE',
  };
  return { livestream, sessions };
}

function lastSession({ status }: LivestreamPlan, livestreamId: string, now: number, random: Random): SessionRecord {
  const isActive = status === 'LIVE' || status === 'INVOKED';
  const invokedAt =
    now - (isActive ? random.between(3 * MINUTE_MS, 4 * HOUR_MS) : random.between(9 * HOUR_MS, 120 * DAY_MS));
  const session = endedSession(livestreamId, invokedAt, random);
  if (isActive) session.stoppedAt = undefined;
  if (status === 'INVOKED') session.liveAt = undefined;
  if (status === 'ERRORED') session.errMessage = ERROR_MESSAGES[random.between(0, ERROR_MESSAGES.length - 1)];
  return session;
}

/** A session of 30 days with 1,250 viewers: 3.2e9 viewer seconds. */
function roundTheClock(livestreamId: string, now: number, random: Random): SessionRecord {
  const session = endedSession(livestreamId, now - 30 * DAY_MS, random);
  return { ...session, stoppedAt: undefined, viewers: 1250 };
}

function earlierSessions(last: SessionRecord, count: number, random: Random): SessionRecord[] {
  return Array.from({ length: count }, (_, index) =>
    endedSession(last.livestreamId, last.invokedAt - (index + 1) * 5 * DAY_MS - random.between(0, DAY_MS), random),
  );
}

function endedSession(livestreamId: string, invokedAt: number, random: Random): SessionRecord {
  const liveAt = invokedAt + random.between(3 * SECOND_MS, 20 * SECOND_MS);
  return {
    id: random.uuid(),
    livestreamId,
    invokedAt,
    liveAt,
    stoppedAt: liveAt + random.between(10 * MINUTE_MS, 3 * HOUR_MS),
    errMessage: undefined,
    viewers: random.between(3, 400),
  };
}
