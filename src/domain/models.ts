import type { MaybePromise } from '../lib/maybePromise.ts';

/** Where a livestream is in its life; `UNKNOWN` is whatever upstream sends that is not one of the others. */
export type LivestreamStatus = 'LIVE' | 'IDLE' | 'ERRORED' | 'INVOKED' | 'OFFLINE' | 'UNKNOWN';

export type MeetingStatus = 'ACTIVE' | 'INACTIVE' | 'UNKNOWN';

/** A meeting as upstream told it. In all models null means that upstream was asked and told nothing usable. */
export interface Meeting {
  id: string;
  title: string | null;
  status: MeetingStatus;
  createdAt: Date | null;
  updatedAt: Date | null;
}

export interface Livestream {
  id: string;
  name: string | null;
  status: LivestreamStatus;
  disabled: boolean | null;
  ingestServer: string | null;
  /** Secret: whoever has it can broadcast. */
  streamKey: string | null;
  playbackUrl: string | null;
  createdAt: Date | null;
  updatedAt: Date | null;
  /** Null: an independent livestream. */
  meetingId: string | null;
}

export interface LivestreamSession {
  id: string;
  livestreamId: string | null;
  errorMessage: string | null;
  /** Seconds. */
  ingestSeconds: number | null;
  /** Seconds, summed over all viewers. */
  viewerSeconds: number | null;
  invokedAt: Date | null;
  startedAt: Date | null;
  stoppedAt: Date | null;
  createdAt: Date | null;
  updatedAt: Date | null;
}

type PartialEntity<Entity extends { id: string }> = Pick<Entity, 'id'> & Partial<Omit<Entity, 'id'>>;

/** A meeting of which at least the id is known. An absent field was not told yet and is loaded when it is selected. */
export type MeetingRef = PartialEntity<Meeting>;

/** A livestream of which at least the id is known. An absent field was not told yet and is loaded when it is selected. */
export type LivestreamRef = PartialEntity<Livestream>;

/** An entity that a router refers to. */
export type Entity =
  | ({ __typename: 'Meeting' } & MeetingRef)
  | ({ __typename: 'Livestream' } & Livestream)
  | ({ __typename: 'LivestreamSession' } & LivestreamSession);

export type MaybeEntity = Entity | null;

/** Which livestreams to list, and in which order. */
export interface LivestreamQuery {
  status: LivestreamStatus | null;
  excludeMeetings: boolean | null;
  from: Date | null;
  to: Date | null;
  order: 'ASC' | 'DESC';
}

/** A range of time, both ends included and in whole seconds; null: without end. */
export interface TimeRange {
  from: Date | null;
  to: Date | null;
}

/** How much was livestreamed and watched. */
export interface Analytics {
  count: number | null;
  /** Seconds, summed over all livestreams. */
  ingestSeconds: number | null;
  /** Seconds, summed over all viewers. */
  viewerSeconds: number | null;
}

export interface DayAnalytics extends Analytics {
  /** `2026-03-14` */
  date: string;
}

/** The analytics of a range, each part read once and not before it is asked for. */
export interface AnalyticsSource {
  overall: () => MaybePromise<Analytics>;
  days: () => MaybePromise<DayAnalytics[]>;
}

/** A stretch of a list: `count` rows after the first `offset`. */
export interface OffsetRange {
  offset: number;
  count: number;
}

/** The rows of a stretch of a list. A row that upstream sent without an id is null, so that the others keep their places. */
export interface Page<Row> {
  rows: (Row | null)[];
  /** How many rows the whole list holds; null when upstream does not tell. */
  totalCount: number | null;
  hasNext: boolean;
}

/** The entities that a change affects. A webhook proves nothing else: events carry no time and may arrive late. */
export interface ChangedIds {
  livestreamId: string | null;
  meetingId: string | null;
}
