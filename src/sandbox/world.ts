import {
  type LivestreamRecord,
  type MeetingRecord,
  type SessionRecord,
  type Status,
  createLivestream,
} from './records.ts';
import type { Random } from './random.ts';

/** What a start is given. */
export interface StartOptions {
  name: string | undefined;
  goLiveAfterMs: number;
  playbackUrlDelayMs: number;
  nameDelayMs: number;
}

/** People meeting in a meeting. Livestreams do not need it: the API starts them at any time. */
export interface MeetingSession {
  sessionId: string;
  startedAt: number;
}

/** The vendor brings `ingest_seconds` and `viewer_seconds` up to date only every 40 to 50 s. */
const METER_STEP_SECONDS = 45;

/** Meetings, livestreams and sessions, and the livestream's state machine: INVOKED, then LIVE, then IDLE. */
export class World {
  readonly #now: () => number;
  readonly #random: Random;
  readonly #meetings: Map<string, MeetingRecord>;
  readonly #livestreams: Map<string, LivestreamRecord>;
  readonly #sessions: Map<string, SessionRecord>;
  readonly #sessionsOf: Map<string, SessionRecord[]>;
  /** By the meeting's id. */
  readonly #gatherings = new Map<string, MeetingSession>();

  constructor(
    now: () => number,
    random: Random,
    start: { meetings: MeetingRecord[]; livestreams: LivestreamRecord[]; sessions: SessionRecord[] },
  ) {
    this.#now = now;
    this.#random = random;
    this.#meetings = new Map(start.meetings.map((meeting) => [meeting.id, meeting]));
    this.#livestreams = new Map(start.livestreams.map((livestream) => [livestream.id, livestream]));
    this.#sessions = new Map(start.sessions.map((session) => [session.id, session]));
    this.#sessionsOf = Map.groupBy(start.sessions, (session) => session.livestreamId);
  }

  get now(): number {
    return this.#now();
  }

  meeting(id: string): MeetingRecord | undefined {
    return this.#meetings.get(id);
  }

  meetings(): MeetingRecord[] {
    return [...this.#meetings.values()];
  }

  livestream(id: string): LivestreamRecord | undefined {
    return this.#livestreams.get(id);
  }

  livestreams(): LivestreamRecord[] {
    return [...this.#livestreams.values()];
  }

  livestreamsOf(meetingId: string): LivestreamRecord[] {
    return this.livestreams().filter((livestream) => livestream.meetingId === meetingId);
  }

  session(id: string): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  sessions(): SessionRecord[] {
    return [...this.#sessions.values()];
  }

  /** The livestream's sessions, newest first. */
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

  /** Computed at every read, so that a livestream goes live by the clock alone. */
  statusOf(livestream: LivestreamRecord): Status {
    const session = this.activeSessionOf(livestream.id);
    if (session === undefined) return livestream.inactiveStatus;
    return this.startedAt(session) === undefined ? 'INVOKED' : 'LIVE';
  }

  /** When the first frames arrived, if they have. */
  startedAt(session: SessionRecord): number | undefined {
    const until = session.stoppedAt ?? this.now;
    return session.liveAt !== undefined && session.liveAt <= until ? session.liveAt : undefined;
  }

  /** Seconds ingested and watched: in steps while the session runs, exact to the second once it has stopped. */
  metersOf(session: SessionRecord): { ingestSeconds: number; viewerSeconds: number } {
    const startedAt = this.startedAt(session) ?? session.stoppedAt ?? this.now;
    const step = session.stoppedAt === undefined ? METER_STEP_SECONDS : 1;
    const ran = ((session.stoppedAt ?? this.now) - startedAt) / 1000;
    const ingestSeconds = Math.floor(ran / step) * step;
    return { ingestSeconds, viewerSeconds: ingestSeconds * session.viewers };
  }

  /** When the session last changed, the meters' steps included. */
  updatedAt(session: SessionRecord): number {
    if (session.stoppedAt !== undefined) return session.stoppedAt;
    const startedAt = this.startedAt(session);
    return startedAt === undefined ? session.invokedAt : startedAt + this.metersOf(session).ingestSeconds * 1000;
  }

  /** Starts a new livestream of a meeting. The caller has made sure that none is active. */
  start(meetingId: string, options: StartOptions): LivestreamRecord {
    const now = this.now;
    const livestream: LivestreamRecord = {
      ...createLivestream(this.#random, now),
      meetingId,
      name: options.name,
      nameVisibleAt: now + options.nameDelayMs,
      playbackUrlVisibleAt: now + options.playbackUrlDelayMs,
    };
    const session: SessionRecord = {
      id: this.#random.uuid(),
      livestreamId: livestream.id,
      invokedAt: now,
      liveAt: now + options.goLiveAfterMs,
      stoppedAt: undefined,
      errMessage: undefined,
      viewers: this.#random.between(3, 400),
    };
    this.#livestreams.set(livestream.id, livestream);
    this.#sessions.set(session.id, session);
    this.#sessionsOf.set(livestream.id, [session]);
    return livestream;
  }

  /** Stops the meeting's active livestream; false if there is none. */
  stop(meetingId: string): boolean {
    const livestream = this.activeLivestreamOf(meetingId);
    return livestream !== undefined && this.#end(livestream, 'IDLE', undefined);
  }

  /** Ends a livestream that is LIVE or INVOKED as ERRORED, its session telling why; false if there is none. */
  fail(livestreamId: string, errMessage: string): boolean {
    const livestream = this.#livestreams.get(livestreamId);
    return livestream !== undefined && this.#end(livestream, 'ERRORED', errMessage);
  }

  /** Gives a livestream another name, told at once; false if there is none. */
  rename(livestreamId: string, name: string): boolean {
    const livestream = this.#livestreams.get(livestreamId);
    if (livestream === undefined) return false;
    Object.assign(livestream, { name, nameVisibleAt: this.now } satisfies Partial<LivestreamRecord>);
    return true;
  }

  /** People meet in the meeting: the running one's session, or a new one where nobody is there yet. */
  startMeetingSession(meetingId: string): MeetingSession {
    const gathering = this.#gatherings.get(meetingId) ?? { sessionId: this.#random.uuid(), startedAt: this.now };
    this.#gatherings.set(meetingId, gathering);
    return gathering;
  }

  /** Everybody has left the meeting, and its livestream ends with it. */
  endMeetingSession(meetingId: string): MeetingSession {
    const gathering = this.startMeetingSession(meetingId);
    this.#gatherings.delete(meetingId);
    this.stop(meetingId);
    return gathering;
  }

  /** When time alone will next change what is told of a livestream: frames arrive, or its playback URL appears. */
  nextChangeAt(): number | undefined {
    const { now } = this;
    const times = this.livestreams().flatMap((livestream) => {
      const session = this.activeSessionOf(livestream.id);
      return session === undefined ? [] : [session.liveAt ?? now, livestream.playbackUrlVisibleAt];
    });
    const due = times.filter((time) => time > now);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  #end(
    livestream: LivestreamRecord,
    rest: LivestreamRecord['inactiveStatus'],
    errMessage: string | undefined,
  ): boolean {
    const session = this.activeSessionOf(livestream.id);
    if (session === undefined) return false;
    session.stoppedAt = this.now;
    session.errMessage = errMessage;
    livestream.inactiveStatus = rest;
    return true;
  }
}
