import { INGEST_SERVER, type LivestreamRecord, type MeetingRecord, type SessionRecord } from './records.ts';
import type { ResponseFormats } from './settings.ts';
import type { WebhookRecord } from './webhooks/webhookRecord.ts';
import type { World } from './world.ts';

/** The types that an endpoint's documentation lists, where they differ from those of the other endpoints. */
export interface DocumentedTypes {
  /** Default `number`. */
  numbers?: 'string' | 'number';
  /** Default `word`. */
  disabled?: 'word' | 'boolean';
}

type Json = Record<string, unknown>;

/** Writes the world's objects as the API's JSON, in the format of the settings and of the endpoint's documentation. */
export type JsonWriter = ReturnType<typeof createJsonWriter>;

export function createJsonWriter(world: World, formats: ResponseFormats, documented: DocumentedTypes = {}) {
  /** If optional fields are missing, only the id; nothing of meters and analytics, which have no id. */
  function withoutOptional(object: Json): Json {
    if (formats.optionalFields === 'present') return object;
    return 'id' in object ? { id: object['id'] } : {};
  }

  function writeStatus(status: string): string {
    return formats.status === 'unknown' ? 'ARCHIVED' : status;
  }

  function writeNumber(value: number): string | number {
    const format = formats.numbers === 'documented' ? documented.numbers : formats.numbers;
    return format === 'string' ? String(value) : value;
  }

  function writeDisabled(isDisabled: boolean): string | boolean {
    const format = formats.disabled === 'documented' ? documented.disabled : formats.disabled;
    if (format === 'boolean') return isDisabled;
    if (format === 'true-false') return String(isDisabled);
    return isDisabled ? 'disabled' : 'enabled';
  }

  function writeTime(time: number | undefined): string | null | undefined {
    const { timestamps } = formats;
    if (timestamps === 'null') return null;
    if (timestamps === 'empty') return '';
    return timestamps === 'missing' || time === undefined ? undefined : new Date(time).toISOString();
  }

  function writeUpdatedAt(time: number): string | null | undefined {
    return writeTime(formats.updatedAt === 'now' ? world.now() : time);
  }

  /** The fields in the response to a start. */
  function started(livestream: LivestreamRecord): Json {
    return withoutOptional({
      id: livestream.id,
      ingest_server: INGEST_SERVER,
      playback_url: world.now() < livestream.playbackUrlVisibleAt ? undefined : livestream.playbackUrl,
      status: writeStatus(world.statusOf(livestream)),
      stream_key: livestream.streamKey,
    });
  }

  /** The sums of the meters of `sessions`. */
  function meters(sessions: readonly SessionRecord[]): Json {
    const meters = sessions.map((session) => world.metersOf(session));
    return withoutOptional({
      ingest_seconds: writeNumber(sum(meters.map((meter) => meter.ingestSeconds))),
      viewer_seconds: writeNumber(sum(meters.map((meter) => meter.viewerSeconds))),
    });
  }

  /** The analytics of `sessions`. */
  function totals(sessions: readonly SessionRecord[]): Json {
    const { ingest_seconds: ingest, viewer_seconds: viewer } = meters(sessions);
    return withoutOptional({ count: sessions.length, total_ingest_seconds: ingest, total_viewer_seconds: viewer });
  }

  return {
    started,
    meters,
    totals,
    /** The analytics of the `sessions` of a day; `date` is `YYYY-MM-DD`. */
    day: (date: string, sessions: readonly SessionRecord[]) => withoutOptional({ date, ...totals(sessions) }),
    meeting: (meeting: MeetingRecord) =>
      withoutOptional({
        id: meeting.id,
        title: meeting.title,
        status: writeStatus(meeting.status),
        live_stream_on_start: false,
        record_on_start: false,
        persist_chat: false,
        created_at: writeTime(meeting.createdAt),
        updated_at: writeUpdatedAt(meeting.updatedAt),
      }),
    livestream(livestream: LivestreamRecord) {
      const [latest] = world.sessionsOf(livestream.id);
      return withoutOptional({
        ...started(livestream),
        name: world.now() < livestream.nameVisibleAt ? undefined : livestream.name,
        meeting_id: livestream.meetingId,
        disabled: writeDisabled(livestream.disabled),
        created_at: writeTime(livestream.createdAt),
        updated_at: writeUpdatedAt(latest === undefined ? livestream.createdAt : world.updatedAt(latest)),
      });
    },
    session: (session: SessionRecord) =>
      withoutOptional({
        id: session.id,
        livestream_id: session.livestreamId,
        err_message: session.errMessage,
        ...meters([session]),
        invoked_time: writeTime(session.invokedAt),
        started_time: writeTime(world.liveSince(session)),
        stopped_time: writeTime(session.stoppedAt),
        created_at: writeTime(session.invokedAt),
        updated_at: writeUpdatedAt(world.updatedAt(session)),
      }),
    webhook: (webhook: WebhookRecord) =>
      withoutOptional({
        id: webhook.id,
        name: webhook.name,
        url: webhook.url,
        events: webhook.events,
        enabled: webhook.enabled,
        created_at: writeTime(webhook.createdAt),
        updated_at: writeUpdatedAt(webhook.updatedAt),
      }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
