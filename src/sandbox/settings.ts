import * as v from 'valibot';

import { RequestError, boolean, choice, isRecord, number, object, parseInput } from './input.ts';

/** The formats of the API's responses, as documented or observed. */
const RESPONSE_FORMATS = object({
  /**
   * `array`: lists are an array with `paging` beside it. `object`: a list of livestreams is a single row with `paging` inside.
   * `nested`: lists are an object with the rows and `paging`.
   */
  list: v.optional(choice(['array', 'object', 'nested']), 'array'),
  /** The key of the response's content. */
  envelope: v.optional(choice(['data', 'result']), 'data'),
  /** RealtimeKit's `{ error }`, or Cloudflare's general `{ errors: [..], messages: [], result: null }`. */
  errors: v.optional(choice(['error', 'errors']), 'error'),
  /** The response to a read that finds nothing: status 404, or 200 with null or an empty object. */
  notFound: v.optional(choice(['404', 'null', 'empty']), '404'),
  /** The type of `ingest_seconds` and `viewer_seconds`; `documented`: the type in each endpoint's documentation. */
  numbers: v.optional(choice(['documented', 'string', 'number']), 'documented'),
  /** The type of `disabled`; `documented`: a boolean in a meeting's livestreams, elsewhere the word `disabled` or `enabled`. */
  disabled: v.optional(choice(['documented', 'word', 'boolean', 'true-false']), 'documented'),
  timestamps: v.optional(choice(['iso', 'null', 'empty', 'missing']), 'iso'),
  /** `now`: each `updated_at` is the time of the response, so that a cached response shows its age. */
  updatedAt: v.optional(choice(['stored', 'now']), 'stored'),
  /** The format of `GET /livestreams/{livestream_id}`: `{ livestream, session, paging }`, or the livestream's fields. */
  livestreamById: v.optional(choice(['nested', 'flat']), 'nested'),
  /** The `page_no` of the first page. */
  firstPage: v.optional(choice([1, 0]), 1),
  /** The maximum page size. A greater `per_page` is treated like this size, for the numbering of pages, too. */
  maxPerPage: v.optional(number({ min: 1, integer: true }), 100),
  paging: v.optional(choice(['beside', 'missing']), 'beside'),
  /** `unknown`: every status becomes `ARCHIVED`, which is not documented. */
  status: v.optional(choice(['documented', 'unknown']), 'documented'),
  /** `missing`: objects have their id only. */
  optionalFields: v.optional(choice(['present', 'missing']), 'present'),
});

/** The request quota of one token; by default the vendor's published limit. */
const QUOTA = object({
  /** Requests in a window. */
  limit: v.optional(number({ integer: true }), 1200),
  windowSeconds: v.optional(number({ min: 1 }), 300),
  /** How long all requests are rejected after the limit was exceeded. */
  lockoutSeconds: v.optional(number(), 300),
  /** False if the headers count down but no request is rejected. */
  enforced: v.optional(boolean, true),
});

/** How deliveries are sent to webhooks; by default as the vendor documents them. */
const WEBHOOK_SETTINGS = object({
  /** False if nothing is sent. Events that occur meanwhile are never sent. */
  enabled: v.optional(boolean, true),
  /** How many times each delivery is sent, always with the same `rtk-uuid`. The maximum limits the damage of a typing error. */
  copies: v.optional(number({ min: 1, max: 100, integer: true }), 1),
  /** The time from an event to its delivery. */
  delayMs: v.optional(number(), 0),
  /** The order of the deliveries in a batch. */
  order: v.optional(choice(['original', 'reversed', 'shuffled']), 'original'),
  /** How long deliveries are collected into a batch before they are sent, unless `order` is `original`. */
  batchMs: v.optional(number(), 1000),
  /** The fraction of deliveries, from 0 to 1, that have a wrong signature. They are spread evenly. */
  badSignatureRatio: v.optional(number({ max: 1 }), 0),
  /**
   * Which changes are sent. `documented`: LIVE, and any end, as `endStatus`. `all`: INVOKED, too; ERRORED as such; and a playback URL
   * that becomes visible later, as a second event with the same status.
   */
  statuses: v.optional(choice(['documented', 'all']), 'documented'),
  /** The status of the event for a livestream's end. */
  endStatus: v.optional(choice(['OFFLINE', 'IDLE']), 'OFFLINE'),
});

const SETTINGS = object({
  /** The delay of each response. The request itself takes effect on arrival. */
  latencyMs: v.optional(number(), 0),
  /** The time from a start to the first frames, that is, from `INVOKED` to `LIVE`. */
  goLiveAfterMs: v.optional(number(), 3000),
  /** How long after a start `playback_url` is missing. */
  playbackUrlDelayMs: v.optional(number(), 0),
  /** How long after a start the livestream's name is missing. */
  nameDelayMs: v.optional(number(), 0),
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
