import { INGEST_SERVER, type Livestream, type Meeting, type Session } from './records.ts';
import type { Shapes } from './settings.ts';
import type { Webhook } from './webhooks/registry.ts';
import type { World } from './world.ts';

/** The types an endpoint's page documents, for what differs between the pages. */
export interface Documented {
  numbers: 'string' | 'number';
  disabled: 'word' | 'boolean';
}

type Json = Record<string, unknown>;

/** Writes the world's objects in the API's JSON, as the settings and the endpoint's page have it. */
export class Writer {
  readonly #world: World;
  readonly #shapes: Shapes;
  readonly #documented: Documented;

  constructor(world: World, shapes: Shapes, documented: Documented = { numbers: 'number', disabled: 'word' }) {
    this.#world = world;
    this.#shapes = shapes;
    this.#documented = documented;
  }

  meeting(meeting: Meeting): Json {
    return this.#trimmed({
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

  livestream(livestream: Livestream): Json {
    const { now } = this.#world;
    const newest = this.#world.sessionsOf(livestream.id)[0];
    return this.#trimmed({
      ...this.started(livestream),
      name: now < livestream.nameFrom ? undefined : livestream.name,
      meeting_id: livestream.meetingId,
      disabled: this.#disabled(livestream.disabled),
      created_at: this.#time(livestream.createdAt),
      updated_at: this.#updatedAt(newest === undefined ? livestream.createdAt : this.#world.updatedAt(newest)),
    });
  }

  /** The few fields that the answer to a start has. */
  started(livestream: Livestream): Json {
    return this.#trimmed({
      id: livestream.id,
      ingest_server: INGEST_SERVER,
      playback_url: this.#world.now < livestream.playbackUrlFrom ? undefined : livestream.playbackUrl,
      status: this.#status(this.#world.statusOf(livestream)),
      stream_key: livestream.streamKey,
    });
  }

  session(session: Session): Json {
    return this.#trimmed({
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

  /** The meters of all `sessions` together. */
  meters(sessions: readonly Session[]): Json {
    const meters = sessions.map((session) => this.#world.metersOf(session));
    return {
      ingest_seconds: this.#number(sum(meters.map((meter) => meter.ingestSeconds))),
      viewer_seconds: this.#number(sum(meters.map((meter) => meter.viewerSeconds))),
    };
  }

  /** The analytics of `sessions`; without optional fields nothing is left of them, for they have no id. */
  totals(sessions: readonly Session[]): Json {
    if (this.#shapes.optionalFields === 'missing') return {};
    const { ingest_seconds: ingest, viewer_seconds: viewer } = this.meters(sessions);
    return { count: sessions.length, total_ingest_seconds: ingest, total_viewer_seconds: viewer };
  }

  /** The analytics of a day's `sessions`; `date` is `YYYY-MM-DD`. */
  day(date: string, sessions: readonly Session[]): Json {
    return this.#shapes.optionalFields === 'missing' ? {} : { date, ...this.totals(sessions) };
  }

  webhook(webhook: Webhook): Json {
    return this.#trimmed({
      id: webhook.id,
      name: webhook.name,
      url: webhook.url,
      events: webhook.events,
      enabled: webhook.enabled,
      created_at: this.#time(webhook.createdAt),
      updated_at: this.#updatedAt(webhook.updatedAt),
    });
  }

  #trimmed(object: Json): Json {
    return this.#shapes.optionalFields === 'missing' ? { id: object['id'] } : object;
  }

  #status(status: string): string {
    return this.#shapes.status === 'unknown' ? 'ARCHIVED' : status;
  }

  #number(value: number): string | number {
    const form = this.#shapes.numbers === 'documented' ? this.#documented.numbers : this.#shapes.numbers;
    return form === 'string' ? String(value) : value;
  }

  #disabled(isDisabled: boolean): string | boolean {
    const form = this.#shapes.disabled === 'documented' ? this.#documented.disabled : this.#shapes.disabled;
    if (form === 'boolean') return isDisabled;
    if (form === 'true-false') return String(isDisabled);
    return isDisabled ? 'disabled' : 'enabled';
  }

  #updatedAt(time: number): string | null | undefined {
    return this.#time(this.#shapes.updatedAt === 'now' ? this.#world.now : time);
  }

  #time(time: number | undefined): string | null | undefined {
    const { timestamps } = this.#shapes;
    if (timestamps === 'null') return null;
    if (timestamps === 'empty') return '';
    return timestamps === 'missing' || time === undefined ? undefined : new Date(time).toISOString();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
