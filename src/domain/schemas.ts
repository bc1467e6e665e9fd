import * as v from 'valibot';

import type { Analytics, DayAnalytics, Livestream, LivestreamRef, LivestreamSession, Meeting, Page } from './models.ts';

const text = v.nullable(v.string());
const number = v.nullable(v.number());
const date = v.nullable(
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((written) => new Date(written)),
    // Such as one in the 13th month.
    v.date(),
  ),
);

const livestreamFields = {
  name: text,
  status: v.picklist(['LIVE', 'IDLE', 'ERRORED', 'INVOKED', 'OFFLINE', 'UNKNOWN']),
  disabled: v.nullable(v.boolean()),
  ingestServer: text,
  streamKey: text,
  playbackUrl: text,
  createdAt: date,
  updatedAt: date,
  meetingId: text,
};

const analyticsFields = { count: number, ingestSeconds: number, viewerSeconds: number };

/** The models in JSON, as replicas pass them on to each other: whoever wrote it may be of another version. */
export const meetingSchema: v.GenericSchema<unknown, Meeting> = v.object({
  id: v.string(),
  title: text,
  status: v.picklist(['ACTIVE', 'INACTIVE', 'UNKNOWN']),
  createdAt: date,
  updatedAt: date,
});

export const livestreamSchema: v.GenericSchema<unknown, Livestream> = v.object({ id: v.string(), ...livestreamFields });

export const livestreamRefSchema: v.GenericSchema<unknown, LivestreamRef> = v.object({
  id: v.string(),
  name: v.exactOptional(livestreamFields.name),
  status: v.exactOptional(livestreamFields.status),
  disabled: v.exactOptional(livestreamFields.disabled),
  ingestServer: v.exactOptional(livestreamFields.ingestServer),
  streamKey: v.exactOptional(livestreamFields.streamKey),
  playbackUrl: v.exactOptional(livestreamFields.playbackUrl),
  createdAt: v.exactOptional(livestreamFields.createdAt),
  updatedAt: v.exactOptional(livestreamFields.updatedAt),
  meetingId: v.exactOptional(livestreamFields.meetingId),
});

export const sessionSchema: v.GenericSchema<unknown, LivestreamSession> = v.object({
  id: v.string(),
  livestreamId: text,
  errorMessage: text,
  ingestSeconds: number,
  viewerSeconds: number,
  invokedAt: date,
  startedAt: date,
  stoppedAt: date,
  createdAt: date,
  updatedAt: date,
});

export const analyticsSchema: v.GenericSchema<unknown, Analytics> = v.object(analyticsFields);

export const dailyAnalyticsSchema: v.GenericSchema<unknown, DayAnalytics[]> = v.array(
  v.object({ date: v.string(), ...analyticsFields }),
);

export function rowsSchema<Row>(row: v.GenericSchema<unknown, Row>): v.GenericSchema<unknown, Page<Row>> {
  return v.object({ rows: v.array(v.nullable(row)), totalCount: number, hasNext: v.boolean() });
}

export function headSchema<Row>(row: v.GenericSchema<unknown, Row>) {
  return v.object({
    head: v.nullable(v.object({ rows: v.array(row), totalCount: v.number() })),
    moment: v.object({ logical: v.number(), wallTime: v.number() }),
  });
}
