import { type LivestreamRecord, type SessionRecord, type Status, createIdentity } from './records.ts';
import type { Random } from './random.ts';
import type { Seed } from './seed.ts';
import type { SandboxSettings } from './settings.ts';

/** A session of a meeting, from the first participant to its end. Livestreams do not depend on it. */
export interface MeetingSession {
  sessionId: string;
  startedAt: number;
}

/** The vendor updates `ingest_seconds` and `viewer_seconds` only every 40 to 50 s. */
const METER_STEP_SECONDS = 45;

/** The meetings, livestreams and sessions, with the state machine of a livestream: INVOKED, then LIVE, then IDLE. */
export type World = ReturnType<typeof createWorld>;

export function createWorld(now: () => number, random: Random, seed: Seed) {
  const meetings = byId(seed.meetings);
  const livestreams = byId(seed.livestreams);
  const sessions = byId(seed.sessions);
  const sessionsByLivestream = Map.groupBy(seed.sessions, (session) => session.livestreamId);
  /** By the meeting's id. */
  const meetingSessions = new Map<string, MeetingSession>();

  const livestreamsOf = (meetingId: string): LivestreamRecord[] =>
    [...livestreams.values()].filter((livestream) => livestream.meetingId === meetingId);

  const activeSessionOf = (livestreamId: string): SessionRecord | undefined =>
    sessionsByLivestream.get(livestreamId)?.find((session) => session.stoppedAt === undefined);

  const activeLivestreamOf = (meetingId: string): LivestreamRecord | undefined =>
    livestreamsOf(meetingId).find((livestream) => activeSessionOf(livestream.id) !== undefined);

  /** When the first frames arrived; undefined if they have not. */
  function liveSince({ liveAt, stoppedAt = now() }: SessionRecord): number | undefined {
    return liveAt !== undefined && liveAt <= stoppedAt ? liveAt : undefined;
  }

  /** The seconds ingested and watched: in steps while the session is active, exact to the second after its end. */
  function metersOf(session: SessionRecord): { ingestSeconds: number; viewerSeconds: number } {
    const { stoppedAt, viewers } = session;
    const endedAt = stoppedAt ?? now();
    const durationSeconds = (endedAt - (liveSince(session) ?? endedAt)) / 1000;
    const stepSeconds = stoppedAt === undefined ? METER_STEP_SECONDS : 1;
    const ingestSeconds = Math.floor(durationSeconds / stepSeconds) * stepSeconds;
    return { ingestSeconds, viewerSeconds: ingestSeconds * viewers };
  }

  /** Ends a livestream; returns false if it is not active. */
  function end(
    livestream: LivestreamRecord | undefined,
    status: LivestreamRecord['inactiveStatus'],
    errMessage?: string,
  ): boolean {
    const session = livestream && activeSessionOf(livestream.id);
    if (livestream === undefined || session === undefined) return false;
    session.stoppedAt = now();
    session.errMessage = errMessage;
    livestream.inactiveStatus = status;
    return true;
  }

  /** Stops the meeting's active livestream; returns false if there is none. */
  const stop = (meetingId: string): boolean => end(activeLivestreamOf(meetingId), 'IDLE');

  /** Returns the meeting's active session, or starts one. */
  function startMeetingSession(meetingId: string): MeetingSession {
    const session = meetingSessions.get(meetingId) ?? { sessionId: random.uuid(), startedAt: now() };
    meetingSessions.set(meetingId, session);
    return session;
  }

  return {
    meetings,
    livestreams,
    sessions,
    now,
    livestreamsOf,
    /** The livestream's sessions, latest first. */
    sessionsOf(livestreamId: string): SessionRecord[] {
      const sessions = sessionsByLivestream.get(livestreamId) ?? [];
      return sessions.toSorted((left, right) => right.invokedAt - left.invokedAt);
    },
    activeSessionOf,
    activeLivestreamOf,
    /** The status now. It is computed at every read, so that a livestream goes live as time passes. */
    statusOf(livestream: LivestreamRecord): Status {
      const session = activeSessionOf(livestream.id);
      if (session === undefined) return livestream.inactiveStatus;
      return liveSince(session) === undefined ? 'INVOKED' : 'LIVE';
    },
    liveSince,
    metersOf,
    /** When the session last changed, including its meters. */
    updatedAt(session: SessionRecord): number {
      if (session.stoppedAt !== undefined) return session.stoppedAt;
      const startedAt = liveSince(session);
      return startedAt === undefined ? session.invokedAt : startedAt + metersOf(session).ingestSeconds * 1000;
    },
    /** Starts a new livestream of a meeting. The caller must make sure that none is active. */
    start(meetingId: string, name: string | undefined, delays: SandboxSettings): LivestreamRecord {
      const invokedAt = now();
      const livestream: LivestreamRecord = {
        ...createIdentity(random),
        meetingId,
        name,
        nameVisibleAt: invokedAt + delays.nameDelayMs,
        playbackUrlVisibleAt: invokedAt + delays.playbackUrlDelayMs,
        disabled: false,
        createdAt: invokedAt,
        inactiveStatus: 'IDLE',
      };
      const session: SessionRecord = {
        id: random.uuid(),
        livestreamId: livestream.id,
        invokedAt,
        liveAt: invokedAt + delays.goLiveAfterMs,
        stoppedAt: undefined,
        errMessage: undefined,
        viewers: random.between(3, 400),
      };
      livestreams.set(livestream.id, livestream);
      sessions.set(session.id, session);
      sessionsByLivestream.set(livestream.id, [session]);
      return livestream;
    },
    stop,
    /** Ends a LIVE or INVOKED livestream as ERRORED, with an error message in its session; returns false if there is none. */
    fail: (livestreamId: string, errMessage: string): boolean =>
      end(livestreams.get(livestreamId), 'ERRORED', errMessage),
    /** Renames a livestream, with immediate effect; returns false if there is none. */
    rename(livestreamId: string, name: string): boolean {
      const livestream = livestreams.get(livestreamId);
      if (livestream === undefined) return false;
      livestream.name = name;
      livestream.nameVisibleAt = now();
      return true;
    },
    startMeetingSession,
    /** Ends the meeting's session, and its active livestream. */
    endMeetingSession(meetingId: string): MeetingSession {
      const session = startMeetingSession(meetingId);
      meetingSessions.delete(meetingId);
      stop(meetingId);
      return session;
    },
    /** When time alone will next change a livestream: its first frames arrive, or its playback URL becomes visible. */
    nextChangeAt(): number | undefined {
      const times = [...livestreams.values()].flatMap(({ id, playbackUrlVisibleAt }) => {
        const session = activeSessionOf(id);
        return session === undefined ? [] : [session.liveAt ?? 0, playbackUrlVisibleAt];
      });
      const next = Math.min(...times.filter((time) => time > now()));
      return next === Infinity ? undefined : next;
    },
  };
}

function byId<T extends { id: string }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, row]));
}
