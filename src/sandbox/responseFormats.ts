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
export class JsonWriter {
  readonly #world: World;
  readonly #formats: ResponseFormats;
  readonly #documented: DocumentedTypes;

  constructor(world: World, formats: ResponseFormats, documented: DocumentedTypes = {}) {
    this.#world = world;
    this.#formats = formats;
    this.#documented = documented;
  }

  meeting(meeting: MeetingRecord): Json {
    return this.#withoutOptional({
      id: meeting.id,
      title: meeting.title,
      status: this.#status(meeting.status),
      live_stream_on_start: false,
      record_on_start: false,
      persist_chat: false,
      created_at: this.#time(meeting.createdAt),
      updated_at: this.#updatedAt(meeting.updatedAt),
    });
  }

  livestream(livestream: LivestreamRecord): Json {
    const { now } = this.#world;
    const latest = this.#world.sessionsOf(livestream.id)[0];
    return this.#withoutOptional({
      ...this.started(livestream),
      name: now < livestream.nameVisibleAt ? undefined : livestream.name,
      meeting_id: livestream.meetingId,
      disabled: this.#disabled(livestream.disabled),
      created_at: this.#time(livestream.createdAt),
      updated_at: this.#updatedAt(latest === undefined ? livestream.createdAt : this.#world.updatedAt(latest)),
    });
  }

  /** The fields in the response to a start. */
  started(livestream: LivestreamRecord): Json {
    return this.#withoutOptional({
      id: livestream.id,
      ingest_server: INGEST_SERVER,
      playback_url: this.#world.now < livestream.playbackUrlVisibleAt ? undefined : livestream.playbackUrl,
      status: this.#status(this.#world.statusOf(livestream)),
      stream_key: livestream.streamKey,
    });
  }

  session(session: SessionRecord): Json {
    return this.#withoutOptional({
      id: session.id,
      livestream_id: session.livestreamId,
      err_message: session.errMessage,
      ...this.meters([session]),
      invoked_time: this.#time(session.invokedAt),
      started_time: this.#time(this.#world.startedAt(session)),
      stopped_time: this.#time(session.stoppedAt),
      created_at: this.#time(session.invokedAt),
      updated_at: this.#updatedAt(this.#world.updatedAt(session)),
    });
  }

  /** The sums of the meters of `sessions`. */
  meters(sessions: readonly SessionRecord[]): Json {
    const meters = sessions.map((session) => this.#world.metersOf(session));
    return this.#withoutOptional({
      ingest_seconds: this.#number(sum(meters.map((meter) => meter.ingestSeconds))),
      viewer_seconds: this.#number(sum(meters.map((meter) => meter.viewerSeconds))),
    });
  }

  /** The analytics of `sessions`. */
  totals(sessions: readonly SessionRecord[]): Json {
    const { ingest_seconds: ingest, viewer_seconds: viewer } = this.meters(sessions);
    return this.#withoutOptional({
      count: sessions.length,
      total_ingest_seconds: ingest,
      total_viewer_seconds: viewer,
    });
  }

  /** The analytics of the `sessions` of a day; `date` is `YYYY-MM-DD`. */
  day(date: string, sessions: readonly SessionRecord[]): Json {
    return this.#withoutOptional({ date, ...this.totals(sessions) });
  }

  webhook(webhook: WebhookRecord): Json {
    return this.#withoutOptional({
      id: webhook.id,
      name: webhook.name,
      url: webhook.url,
      events: webhook.events,
      enabled: webhook.enabled,
      created_at: this.#time(webhook.createdAt),
      updated_at: this.#updatedAt(webhook.updatedAt),
    });
  }

  /** If optional fields are missing, only the id; nothing of meters and analytics, which have no id. */
  #withoutOptional(object: Json): Json {
    if (this.#formats.optionalFields === 'present') return object;
    return 'id' in object ? { id: object['id'] } : {};
  }

  #status(status: string): string {
    return this.#formats.status === 'unknown' ? 'ARCHIVED' : status;
  }

  #number(value: number): string | number {
    const format = this.#formats.numbers === 'documented' ? this.#documented.numbers : this.#formats.numbers;
    return format === 'string' ? String(value) : value;
  }

  #disabled(isDisabled: boolean): string | boolean {
    const format = this.#formats.disabled === 'documented' ? this.#documented.disabled : this.#formats.disabled;
    if (format === 'boolean') return isDisabled;
    if (format === 'true-false') return String(isDisabled);
    return isDisabled ? 'disabled' : 'enabled';
  }

  #updatedAt(time: number): string | null | undefined {
    return this.#time(this.#formats.updatedAt === 'now' ? this.#world.now : time);
  }

  #time(time: number | undefined): string | null | undefined {
    const { timestamps } = this.#formats;
    if (timestamps === 'null') return null;
    if (timestamps === 'empty') return '';
    return timestamps === 'missing' || time === undefined ? undefined : new Date(time).toISOString();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
