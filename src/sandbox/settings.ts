import * as v from 'valibot';

import { RequestError, boolean, choice, isRecord, number, object, parseInput } from './input.ts';

/** One of several words or numbers; by default the first one. */
function option<const Option extends string | number>(first: Option, ...others: Option[]) {
  return v.optional(choice([first, ...others]), first);
}

/** A number, with a default. */
function amount(fallback: number, limits: Parameters<typeof number>[0] = {}) {
  return v.optional(number(limits), fallback);
}

/** The formats of the API's responses, as documented or observed. */
const RESPONSE_FORMATS = object({
  /**
   * `array`: lists are an array with `paging` beside it. `object`: a list of livestreams is a single row with `paging` inside.
   * `nested`: lists are an object with the rows and `paging`.
   */
  list: option('array', 'object', 'nested'),
  /** The key of the response's content. */
  envelope: option('data', 'result'),
  /** RealtimeKit's `{ error }`, or Cloudflare's general `{ errors: [..], messages: [], result: null }`. */
  errors: option('error', 'errors'),
  /** The response to a read that finds nothing: status 404, or 200 with null or an empty object. */
  notFound: option('404', 'null', 'empty'),
  /** The type of `ingest_seconds` and `viewer_seconds`; `documented`: the type in each endpoint's documentation. */
  numbers: option('documented', 'string', 'number'),
  /** The type of `disabled`; `documented`: a boolean in a meeting's livestreams, elsewhere the word `disabled` or `enabled`. */
  disabled: option('documented', 'word', 'boolean', 'true-false'),
  timestamps: option('iso', 'null', 'empty', 'missing'),
  /** `now`: each `updated_at` is the time of the response, so that a cached response shows its age. */
  updatedAt: option('stored', 'now'),
  /** The format of `GET /livestreams/{livestream_id}`: `{ livestream, session, paging }`, or the livestream's fields. */
  livestreamById: option('nested', 'flat'),
  /** The `page_no` of the first page. */
  firstPage: option(1, 0),
  /** The maximum page size. A greater `per_page` is treated like this size, for the numbering of pages, too. */
  maxPerPage: amount(100, { min: 1, integer: true }),
  paging: option('beside', 'missing'),
  /** `unknown`: every status becomes `ARCHIVED`, which is not documented. */
  status: option('documented', 'unknown'),
  /** `missing`: objects have their id only. */
  optionalFields: option('present', 'missing'),
});

/** The request quota of one token; by default the vendor's published limit. */
const QUOTA = object({
  /** Requests in a window. */
  limit: amount(1200, { integer: true }),
  windowSeconds: amount(300, { min: 1 }),
  /** How long all requests are rejected after the limit was exceeded. */
  lockoutSeconds: amount(300),
  /** False if the headers count down but no request is rejected. */
  enforced: v.optional(boolean, true),
});

/** How deliveries are sent to webhooks; by default as the vendor documents them. */
const WEBHOOK_SETTINGS = object({
  /** False if nothing is sent. Events that occur meanwhile are never sent. */
  enabled: v.optional(boolean, true),
  /** How many times each delivery is sent, always with the same `rtk-uuid`. The maximum limits the damage of a typing error. */
  copies: amount(1, { min: 1, max: 100, integer: true }),
  /** The time from an event to its delivery. */
  delayMs: amount(0),
  /** The order of the deliveries in a batch. */
  order: option('original', 'reversed', 'shuffled'),
  /** How long deliveries are collected into a batch before they are sent, unless `order` is `original`. */
  batchMs: amount(1000),
  /** The fraction of deliveries, from 0 to 1, that have a wrong signature. They are spread evenly. */
  badSignatureRatio: amount(0, { max: 1 }),
  /**
   * Which changes are sent. `documented`: LIVE, and any end, as `endStatus`. `all`: INVOKED, too; ERRORED as such; and a playback URL
   * that becomes visible later, as a second event with the same status.
   */
  statuses: option('documented', 'all'),
  /** The status of the event for a livestream's end. */
  endStatus: option('OFFLINE', 'IDLE'),
});

const SETTINGS = object({
  /** The delay of each response. The request itself takes effect on arrival. */
  latencyMs: amount(0),
  /** The time from a start to the first frames, that is, from `INVOKED` to `LIVE`. */
  goLiveAfterMs: amount(3000),
  /** How long after a start `playback_url` is missing. */
  playbackUrlDelayMs: amount(0),
  /** How long after a start the livestream's name is missing. */
  nameDelayMs: amount(0),
  quota: v.optional(QUOTA, {}),
  responseFormats: v.optional(RESPONSE_FORMATS, {}),
  webhooks: v.optional(WEBHOOK_SETTINGS, {}),
});

export type ResponseFormats = v.InferOutput<typeof RESPONSE_FORMATS>;
export type QuotaSettings = v.InferOutput<typeof QUOTA>;
export type WebhookSettings = v.InferOutput<typeof WEBHOOK_SETTINGS>;

/** The settings of the sandbox, which can be changed at any time. */
export type SandboxSettings = v.InferOutput<typeof SETTINGS>;

/** A change of some settings. */
export type SettingsPatch = v.InferInput<typeof SETTINGS>;

/** The API as documented. */
export const DEFAULT_SETTINGS: SandboxSettings = v.parse(SETTINGS, {});

/** Returns `current` with the changes of `patch`; throws a `RequestError` for an unknown key or an invalid value. */
export function mergeSettings(current: SandboxSettings, patch: unknown): SandboxSettings {
  return parseInput(SETTINGS, merge(current, patch, 'The body'));
}

function merge(current: Record<string, unknown>, patch: unknown, name: string): Record<string, unknown> {
  if (!isRecord(patch)) throw new RequestError(`${name} must be a JSON object`);
  const changes = Object.entries(patch).map(([key, value]): [string, unknown] => {
    const group = current[key];
    return [key, isRecord(group) ? merge(group, value, key) : value];
  });
  return { ...current, ...Object.fromEntries(changes) };
}
