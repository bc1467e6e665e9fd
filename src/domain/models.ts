import * as v from 'valibot';

import type { MaybePromise } from '@whatwg-node/promise-helpers';

/*
 * The models and their JSON form. Replicas exchange models as JSON through the shared store, and a replica of another version may
 * have written that JSON: the schemas validate it and turn ISO timestamps into dates. In every model, null means that RealtimeKit's
 * response had no usable value.
 */

const nullableString = v.nullable(v.string());
const nullableNumber = v.nullable(v.number());
const nullableDate = v.nullable(
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((timestamp) => new Date(timestamp)),
    // Rejects what matches the pattern and is no date, such as a 13th month.
    v.date(),
  ),
);

export const meetingSchema = v.object({
  id: v.string(),
  title: nullableString,
  /** `UNKNOWN` if RealtimeKit sends anything else. */
  status: v.picklist(['ACTIVE', 'INACTIVE', 'UNKNOWN']),
  createdAt: nullableDate,
  updatedAt: nullableDate,
});

export interface Meeting extends v.InferOutput<typeof meetingSchema> {}
export type MeetingStatus = Meeting['status'];

export const livestreamSchema = v.object({
  id: v.string(),
  name: nullableString,
  /** `UNKNOWN` if RealtimeKit sends anything else. */
  status: v.picklist(['LIVE', 'IDLE', 'ERRORED', 'INVOKED', 'OFFLINE', 'UNKNOWN']),
  disabled: v.nullable(v.boolean()),
  ingestServer: nullableString,
  /** Secret: whoever has the key can broadcast. */
  streamKey: nullableString,
  playbackUrl: nullableString,
  createdAt: nullableDate,
  updatedAt: nullableDate,
  /** Null if the livestream is independent of any meeting. */
  meetingId: nullableString,
});

export interface Livestream extends v.InferOutput<typeof livestreamSchema> {}
export type LivestreamStatus = Livestream['status'];

export const livestreamSessionSchema = v.object({
  id: v.string(),
  livestreamId: nullableString,
  errorMessage: nullableString,
  /** Seconds. */
  ingestSeconds: nullableNumber,
  /** Seconds, summed over all viewers. */
  viewerSeconds: nullableNumber,
  invokedAt: nullableDate,
  startedAt: nullableDate,
  /** Null while the session is running. */
  stoppedAt: nullableDate,
  createdAt: nullableDate,
  updatedAt: nullableDate,
});

export interface LivestreamSession extends v.InferOutput<typeof livestreamSessionSchema> {}

/** A meeting of which at least the id is known. An absent field is loaded when a query selects it. */
export type MeetingRef = Pick<Meeting, 'id'> & Partial<Meeting>;

export const livestreamRefSchema = v.object({ ...v.partial(livestreamSchema).entries, id: v.string() });

/** A livestream of which at least the id is known. An absent field is loaded when a query selects it. */
export interface LivestreamRef extends v.InferOutput<typeof livestreamRefSchema> {}

/** An entity that a router refers to by its id. */
export type Entity =
  | ({ __typename: 'Meeting' } & MeetingRef)
  | ({ __typename: 'Livestream' } & Livestream)
  | ({ __typename: 'LivestreamSession' } & LivestreamSession);

/** An element of `_entities`: null if the entity does not exist. */
export type MaybeEntity = Entity | null;

/** Which livestreams to list, and in which order. A null filter lets every livestream pass. */
export interface LivestreamQuery {
  status: LivestreamStatus | null;
  excludeMeetings: boolean | null;
  from: Date | null;
  to: Date | null;
  /** By creation time. */
  order: 'ASC' | 'DESC';
}

/** A time range in whole seconds that includes both ends. A null end is open. */
export interface TimeRange {
  from: Date | null;
  to: Date | null;
}

export const analyticsSchema = v.object({
  /** The number of livestreams. */
  count: nullableNumber,
  /** Seconds, summed over all livestreams. */
  ingestSeconds: nullableNumber,
  /** Seconds, summed over all viewers. */
  viewerSeconds: nullableNumber,
});

/** How much was livestreamed and watched. */
export interface Analytics extends v.InferOutput<typeof analyticsSchema> {}

export const dayAnalyticsSchema = v.object({
  /** An ISO 8601 date, such as `2026-03-14`. Null if upstream did not send one. */
  date: v.nullable(v.string()),
  ...analyticsSchema.entries,
});

export interface DayAnalytics extends v.InferOutput<typeof dayAnalyticsSchema> {}

/** The analytics of a time range. Each part is read at most once, when it is first called for. */
export interface AnalyticsSource {
  overall: () => MaybePromise<Analytics>;
  days: () => MaybePromise<DayAnalytics[]>;
}

/** A range of a list: `count` rows after the first `offset` rows. */
export interface OffsetRange {
  offset: number;
  count: number;
}

/** The rows in an `OffsetRange` of a list. */
export interface Page<Row> {
  /** Null stands for a row that upstream sent without an id, so that the other rows keep their positions. */
  rows: (Row | null)[];
  /** The length of the whole list; null if upstream does not report it. */
  totalCount: number | null;
  hasNext: boolean;
}

export function pageSchema<Row>(row: v.GenericSchema<unknown, Row>): v.GenericSchema<unknown, Page<Row>> {
  return v.object({ rows: v.array(v.nullable(row)), totalCount: nullableNumber, hasNext: v.boolean() });
}

/**
 * The ids of the entities that a change affects; null if unknown. They are all that a webhook event proves: events carry no timestamp
 * and may arrive late, so the entities must be read again.
 */
export interface ChangedIds {
  livestreamId: string | null;
  meetingId: string | null;
}
