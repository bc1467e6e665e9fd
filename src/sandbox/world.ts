import type { Random } from './random.ts';

/** A meeting; times are milliseconds since the Unix epoch. */
export interface Meeting {
  id: string;
  title: string;
  status: 'ACTIVE' | 'INACTIVE';
  createdAt: number;
  updatedAt: number;
}

/** One run of a livestream. It runs for as long as `stoppedAt` is undefined. */
export interface Session {
  id: string;
  livestreamId: string;
  invokedAt: number;
  /** When the encoder's first frames arrive, perhaps in the future; undefined: they never do. */
  liveAt: number | undefined;
  stoppedAt: number | undefined;
  errMessage: string | undefined;
  /** Viewers on average. */
  viewers: number;
}

/** A livestream; its status follows from its sessions and the time (see `World.statusOf`). */
export interface Livestream {
  id: string;
  /** Undefined: an independent livestream. */
  meetingId: string | undefined;
  name: string | undefined;
  /** From when on reads tell the name. */
  nameFrom: number;
  playbackUrl: string;
  /** From when on reads tell the playback URL. */
  playbackUrlFrom: number;
  streamKey: string;
  disabled: boolean;
  createdAt: number;
  /** The status while no session runs. */
  rest: 'IDLE' | 'OFFLINE' | 'ERRORED';
}

/** Every status a livestream of the sandbox can have. */
export const STATUSES = ['LIVE', 'INVOKED', 'IDLE', 'OFFLINE', 'ERRORED'] as const;
export type Status = (typeof STATUSES)[number];

/** What a start is given. */
export interface StartOptions {
  name: string | undefined;
  goLiveAfterMs: number;
  playbackUrlDelayMs: number;
  nameDelayMs: number;
}

/** The vendor brings `ingest_seconds` and `viewer_seconds` up to date only every 40 to 50 s. */
const METER_STEP_SECONDS = 45;

/** Meetings, livestreams and sessions, and the livestream's state machine: INVOKED, then LIVE, then IDLE. */
export class World {
  readonly #now: () => number;
  readonly #random: Random;
  readonly #meetings: Map<string, Meeting>;
  readonly #livestreams: Map<string, Livestream>;
  readonly #sessions: Map<string, Session>;
  readonly #sessionsOf: Map<string, Session[]>;

  constructor(
    now: () => number,
    random: Random,
    start: { meetings: Meeting[]; livestreams: Livestream[]; sessions: Session[] },
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

  meeting(id: string): Meeting | undefined {
    return this.#meetings.get(id);
  }

  meetings(): Meeting[] {
    return [...this.#meetings.values()];
  }

  livestream(id: string): Livestream | undefined {
    return this.#livestreams.get(id);
  }

  livestreams(): Livestream[] {
    return [...this.#livestreams.values()];
  }

  livestreamsOf(meetingId: string): Livestream[] {
    return this.livestreams().filter((livestream) => livestream.meetingId === meetingId);
  }

  session(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** The livestream's sessions, newest first. */
  sessionsOf(livestreamId: string): Session[] {
    const sessions = this.#sessionsOf.get(livestreamId) ?? [];
    return sessions.toSorted((left, right) => right.invokedAt - left.invokedAt);
  }

  activeSessionOf(livestreamId: string): Session | undefined {
    return this.#sessionsOf.get(livestreamId)?.find((session) => session.stoppedAt === undefined);
  }

  activeLivestreamOf(meetingId: string): Livestream | undefined {
    return this.livestreamsOf(meetingId).find((livestream) => this.activeSessionOf(livestream.id) !== undefined);
  }

  /** Computed at every read, so that a livestream goes live by the clock alone. */
  statusOf(livestream: Livestream): Status {
    const session = this.activeSessionOf(livestream.id);
    if (session === undefined) return livestream.rest;
    return this.startedAt(session) === undefined ? 'INVOKED' : 'LIVE';
  }

  /** When the first frames arrived, if they have. */
  startedAt(session: Session): number | undefined {
    const until = session.stoppedAt ?? this.now;
    return session.liveAt !== undefined && session.liveAt <= until ? session.liveAt : undefined;
  }

  /** Seconds ingested and watched: in steps while the session runs, exact to the second once it has stopped. */
  metersOf(session: Session): { ingestSeconds: number; viewerSeconds: number } {
    const startedAt = this.startedAt(session) ?? session.stoppedAt ?? this.now;
    const step = session.stoppedAt === undefined ? METER_STEP_SECONDS : 1;
    const ran = ((session.stoppedAt ?? this.now) - startedAt) / 1000;
    const ingestSeconds = Math.floor(ran / step) * step;
    return { ingestSeconds, viewerSeconds: ingestSeconds * session.viewers };
  }

  /** When the session last changed, the meters' steps included. */
  updatedAt(session: Session): number {
    if (session.stoppedAt !== undefined) return session.stoppedAt;
    const startedAt = this.startedAt(session);
    return startedAt === undefined ? session.invokedAt : startedAt + this.metersOf(session).ingestSeconds * 1000;
  }

  /** Starts a new livestream of a meeting. The caller has made sure that none is active. */
  start(meetingId: string, options: StartOptions): Livestream {
    const now = this.now;
    const livestream: Livestream = {
      ...freshLivestream(this.#random, now),
      meetingId,
      name: options.name,
      nameFrom: now + options.nameDelayMs,
      playbackUrlFrom: now + options.playbackUrlDelayMs,
    };
    const session: Session = {
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
    const session = livestream === undefined ? undefined : this.activeSessionOf(livestream.id);
    if (livestream === undefined || session === undefined) return false;
    session.stoppedAt = this.now;
    livestream.rest = 'IDLE';
    return true;
  }
}

/** A livestream with new ids and addresses that nothing is known of yet. */
export function freshLivestream(random: Random, createdAt: number): Livestream {
  return {
    id: random.uuid(),
    meetingId: undefined,
    name: undefined,
    nameFrom: createdAt,
    playbackUrl: `https://customer-q4ve1c7k2m9sndbx.cloudflarestream.com/${random.hex(32)}/manifest/video.m3u8`,
    playbackUrlFrom: createdAt,
    streamKey: random.hex(64),
    disabled: false,
    createdAt,
    rest: 'IDLE',
  };
}
