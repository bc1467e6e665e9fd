import {
  type LivestreamRecord,
  type MeetingRecord,
  type SessionRecord,
  type Status,
  createLivestream,
} from './records.ts';
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
export class World {
  readonly meetings: Map<string, MeetingRecord>;
  readonly livestreams: Map<string, LivestreamRecord>;
  readonly sessions: Map<string, SessionRecord>;
  readonly #now: () => number;
  readonly #random: Random;
  readonly #sessionsOf: Map<string, SessionRecord[]>;
  /** By the meeting's id. */
  readonly #meetingSessions = new Map<string, MeetingSession>();

  constructor(now: () => number, random: Random, seed: Seed) {
    this.#now = now;
    this.#random = random;
    this.meetings = byId(seed.meetings);
    this.livestreams = byId(seed.livestreams);
    this.sessions = byId(seed.sessions);
    this.#sessionsOf = Map.groupBy(seed.sessions, (session) => session.livestreamId);
  }

  get now(): number {
    return this.#now();
  }

  livestreamsOf(meetingId: string): LivestreamRecord[] {
    return [...this.livestreams.values()].filter((livestream) => livestream.meetingId === meetingId);
  }

  /** The livestream's sessions, latest first. */
  sessionsOf(livestreamId: string): SessionRecord[] {
    const sessions = this.#sessionsOf.get(livestreamId) ?? [];
    return sessions.toSorted((left, right) => right.invokedAt - left.invokedAt);
  }

  activeSessionOf(livestreamId: string): SessionRecord | undefined {
    return this.#sessionsOf.get(livestreamId)?.find((session) => session.stoppedAt === undefined);
  }

  activeLivestreamOf(meetingId: string): LivestreamRecord | undefined {
    return this.livestreamsOf(meetingId).find((livestream) => this.activeSessionOf(livestream.id) !== undefined);
  }

  /** The status now. It is computed at every read, so that a livestream goes live as time passes. */
  statusOf(livestream: LivestreamRecord): Status {
    const session = this.activeSessionOf(livestream.id);
    if (session === undefined) return livestream.inactiveStatus;
    return this.startedAt(session) === undefined ? 'INVOKED' : 'LIVE';
  }

  /** When the first frames arrived; undefined if they have not. */
  startedAt(session: SessionRecord): number | undefined {
    const until = session.stoppedAt ?? this.now;
    return session.liveAt !== undefined && session.liveAt <= until ? session.liveAt : undefined;
  }

  /** The seconds ingested and watched: in steps while the session is active, exact to the second after its end. */
  metersOf(session: SessionRecord): { ingestSeconds: number; viewerSeconds: number } {
    const startedAt = this.startedAt(session) ?? session.stoppedAt ?? this.now;
    const stepSeconds = session.stoppedAt === undefined ? METER_STEP_SECONDS : 1;
    const durationSeconds = ((session.stoppedAt ?? this.now) - startedAt) / 1000;
    const ingestSeconds = Math.floor(durationSeconds / stepSeconds) * stepSeconds;
    return { ingestSeconds, viewerSeconds: ingestSeconds * session.viewers };
  }

  /** When the session last changed, including its meters. */
  updatedAt(session: SessionRecord): number {
    if (session.stoppedAt !== undefined) return session.stoppedAt;
    const startedAt = this.startedAt(session);
    return startedAt === undefined ? session.invokedAt : startedAt + this.metersOf(session).ingestSeconds * 1000;
  }

  /** Starts a new livestream of a meeting. The caller must make sure that none is active. */
  start(meetingId: string, name: string | undefined, delays: SandboxSettings): LivestreamRecord {
    const now = this.now;
    const livestream: LivestreamRecord = {
      ...createLivestream(this.#random, now),
      meetingId,
      name,
      nameVisibleAt: now + delays.nameDelayMs,
      playbackUrlVisibleAt: now + delays.playbackUrlDelayMs,
    };
    const session: SessionRecord = {
      id: this.#random.uuid(),
      livestreamId: livestream.id,
      invokedAt: now,
      liveAt: now + delays.goLiveAfterMs,
      stoppedAt: undefined,
      errMessage: undefined,
      viewers: this.#random.between(3, 400),
    };
    this.livestreams.set(livestream.id, livestream);
    this.sessions.set(session.id, session);
    this.#sessionsOf.set(livestream.id, [session]);
    return livestream;
  }

  /** Stops the meeting's active livestream; returns false if there is none. */
  stop(meetingId: string): boolean {
    const livestream = this.activeLivestreamOf(meetingId);
    return livestream !== undefined && this.#end(livestream, 'IDLE', undefined);
  }

  /** Ends a LIVE or INVOKED livestream as ERRORED, with an error message in its session; returns false if there is none. */
  fail(livestreamId: string, errMessage: string): boolean {
    const livestream = this.livestreams.get(livestreamId);
    return livestream !== undefined && this.#end(livestream, 'ERRORED', errMessage);
  }

  /** Renames a livestream, with immediate effect; returns false if there is none. */
  rename(livestreamId: string, name: string): boolean {
    const livestream = this.livestreams.get(livestreamId);
    if (livestream === undefined) return false;
    Object.assign(livestream, { name, nameVisibleAt: this.now } satisfies Partial<LivestreamRecord>);
    return true;
  }

  /** Returns the meeting's active session, or starts one. */
  startMeetingSession(meetingId: string): MeetingSession {
    const session = this.#meetingSessions.get(meetingId) ?? { sessionId: this.#random.uuid(), startedAt: this.now };
    this.#meetingSessions.set(meetingId, session);
    return session;
  }

  /** Ends the meeting's session, and its active livestream. */
  endMeetingSession(meetingId: string): MeetingSession {
    const session = this.startMeetingSession(meetingId);
    this.#meetingSessions.delete(meetingId);
    this.stop(meetingId);
    return session;
  }

  /** When time alone will next change a livestream: its first frames arrive, or its playback URL becomes visible. */
  nextChangeAt(): number | undefined {
    const { now } = this;
    const times = [...this.livestreams.values()].flatMap((livestream) => {
      const session = this.activeSessionOf(livestream.id);
      return session === undefined ? [] : [session.liveAt ?? now, livestream.playbackUrlVisibleAt];
    });
    const due = times.filter((time) => time > now);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  #end(
    livestream: LivestreamRecord,
    status: LivestreamRecord['inactiveStatus'],
    errMessage: string | undefined,
  ): boolean {
    const session = this.activeSessionOf(livestream.id);
    if (session === undefined) return false;
    session.stoppedAt = this.now;
    session.errMessage = errMessage;
    livestream.inactiveStatus = status;
    return true;
  }
}

function byId<T extends { id: string }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, row]));
}
