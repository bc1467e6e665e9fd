import { Fields } from './fields.ts';
import { DEFAULT_WEBHOOK_SETTINGS, type WebhookSettings, mergeWebhookSettings } from './webhooks/webhookSettings.ts';

const LISTS = ['array', 'object', 'nested'] as const;
const ENVELOPES = ['data', 'result'] as const;
const ERRORS = ['error', 'errors'] as const;
const NOTHINGS = ['404', 'null', 'empty'] as const;
const NUMBERS = ['documented', 'string', 'number'] as const;
const DISABLED = ['documented', 'word', 'boolean', 'true-false'] as const;
const TIMESTAMPS = ['iso', 'null', 'empty', 'missing'] as const;
const UPDATED_AT = ['stored', 'now'] as const;
const BY_ID = ['nested', 'flat'] as const;
const FIRST_PAGES = [1, 0] as const;
const PAGINGS = ['beside', 'missing'] as const;
const STATUSES = ['documented', 'unknown'] as const;
const OPTIONAL_FIELDS = ['present', 'missing'] as const;

/** The formats of the API's responses, as documented or observed. The first option of each is the default. */
export interface ResponseFormats {
  /**
   * `array`: lists are an array with `paging` beside it. `object`: a list of livestreams is a single row with `paging` inside.
   * `nested`: lists are an object with the rows and `paging`.
   */
  list: (typeof LISTS)[number];
  /** The key of the response's content. */
  envelope: (typeof ENVELOPES)[number];
  /** RealtimeKit's `{ error }`, or Cloudflare's general `{ errors: [..], messages: [], result: null }`. */
  errors: (typeof ERRORS)[number];
  /** The response to a read that finds nothing: status 404, or 200 with null or an empty object. */
  notFound: (typeof NOTHINGS)[number];
  /** The type of `ingest_seconds` and `viewer_seconds`; `documented`: the type in each endpoint's documentation. */
  numbers: (typeof NUMBERS)[number];
  /** The type of `disabled`; `documented`: a boolean in a meeting's livestreams, elsewhere the word `disabled` or `enabled`. */
  disabled: (typeof DISABLED)[number];
  timestamps: (typeof TIMESTAMPS)[number];
  /** `now`: each `updated_at` is the time of the response, so that a cached response shows its age. */
  updatedAt: (typeof UPDATED_AT)[number];
  /** The format of `GET /livestreams/{livestream_id}`: `{ livestream, session, paging }`, or the livestream's fields. */
  livestreamById: (typeof BY_ID)[number];
  /** The `page_no` of the first page. */
  firstPage: (typeof FIRST_PAGES)[number];
  /** The maximum page size. A greater `per_page` is treated like this size, for the numbering of pages, too. */
  maxPerPage: number;
  paging: (typeof PAGINGS)[number];
  /** `unknown`: every status becomes `ARCHIVED`, which is not documented. */
  status: (typeof STATUSES)[number];
  /** `missing`: objects have their id only. */
  optionalFields: (typeof OPTIONAL_FIELDS)[number];
}

/** The request quota of one token. */
export interface QuotaSettings {
  /** Requests in a window. */
  limit: number;
  windowSeconds: number;
  /** How long all requests are rejected after the limit was exceeded. */
  lockoutSeconds: number;
  /** False if the headers count down but no request is rejected. */
  enforced: boolean;
}

/** The settings of the sandbox, which can be changed at any time. */
export interface SandboxSettings {
  /** The delay of each response. The request itself takes effect on arrival. */
  latencyMs: number;
  /** The time from a start to the first frames, that is, from `INVOKED` to `LIVE`. */
  goLiveAfterMs: number;
  /** How long after a start `playback_url` is missing. */
  playbackUrlDelayMs: number;
  /** How long after a start the livestream's name is missing. */
  nameDelayMs: number;
  quota: QuotaSettings;
  responseFormats: ResponseFormats;
  webhooks: WebhookSettings;
}

/** A change of some settings. */
export type SettingsPatch = Partial<Omit<SandboxSettings, 'quota' | 'responseFormats' | 'webhooks'>> & {
  quota?: Partial<QuotaSettings>;
  responseFormats?: Partial<ResponseFormats>;
  webhooks?: Partial<WebhookSettings>;
};

/** The API as documented, with the vendor's published limit of 1,200 requests in five minutes. */
export const DEFAULT_SETTINGS: SandboxSettings = {
  latencyMs: 0,
  goLiveAfterMs: 3000,
  playbackUrlDelayMs: 0,
  nameDelayMs: 0,
  quota: { limit: 1200, windowSeconds: 300, lockoutSeconds: 300, enforced: true },
  responseFormats: {
    list: 'array',
    envelope: 'data',
    errors: 'error',
    notFound: '404',
    numbers: 'documented',
    disabled: 'documented',
    timestamps: 'iso',
    updatedAt: 'stored',
    livestreamById: 'nested',
    firstPage: 1,
    maxPerPage: 100,
    paging: 'beside',
    status: 'documented',
    optionalFields: 'present',
  },
  webhooks: DEFAULT_WEBHOOK_SETTINGS,
};

/** Returns `current` with the changes of `patch`; throws an `InputError` for an unknown key or an invalid value. */
export function mergeSettings(current: SandboxSettings, patch: unknown): SandboxSettings {
  const fields = new Fields(patch);
  const merged = {
    latencyMs: fields.number('latencyMs') ?? current.latencyMs,
    goLiveAfterMs: fields.number('goLiveAfterMs') ?? current.goLiveAfterMs,
    playbackUrlDelayMs: fields.number('playbackUrlDelayMs') ?? current.playbackUrlDelayMs,
    nameDelayMs: fields.number('nameDelayMs') ?? current.nameDelayMs,
    quota: mergeQuota(current.quota, fields.raw('quota') ?? {}),
    responseFormats: mergeResponseFormats(current.responseFormats, fields.raw('responseFormats') ?? {}),
    webhooks: mergeWebhookSettings(current.webhooks, fields.raw('webhooks') ?? {}),
  };
  fields.rejectUnknownKeys();
  return merged;
}

function mergeQuota(current: QuotaSettings, patch: unknown): QuotaSettings {
  const fields = new Fields(patch, 'quota');
  const merged = {
    limit: fields.number('limit', { integer: true }) ?? current.limit,
    windowSeconds: fields.number('windowSeconds', { min: 1 }) ?? current.windowSeconds,
    lockoutSeconds: fields.number('lockoutSeconds') ?? current.lockoutSeconds,
    enforced: fields.boolean('enforced') ?? current.enforced,
  };
  fields.rejectUnknownKeys();
  return merged;
}

function mergeResponseFormats(current: ResponseFormats, patch: unknown): ResponseFormats {
  const fields = new Fields(patch, 'responseFormats');
  const merged = {
    list: fields.choice('list', LISTS) ?? current.list,
    envelope: fields.choice('envelope', ENVELOPES) ?? current.envelope,
    errors: fields.choice('errors', ERRORS) ?? current.errors,
    notFound: fields.choice('notFound', NOTHINGS) ?? current.notFound,
    numbers: fields.choice('numbers', NUMBERS) ?? current.numbers,
    disabled: fields.choice('disabled', DISABLED) ?? current.disabled,
    timestamps: fields.choice('timestamps', TIMESTAMPS) ?? current.timestamps,
    updatedAt: fields.choice('updatedAt', UPDATED_AT) ?? current.updatedAt,
    livestreamById: fields.choice('livestreamById', BY_ID) ?? current.livestreamById,
    firstPage: fields.choice('firstPage', FIRST_PAGES) ?? current.firstPage,
    maxPerPage: fields.number('maxPerPage', { min: 1, integer: true }) ?? current.maxPerPage,
    paging: fields.choice('paging', PAGINGS) ?? current.paging,
    status: fields.choice('status', STATUSES) ?? current.status,
    optionalFields: fields.choice('optionalFields', OPTIONAL_FIELDS) ?? current.optionalFields,
  };
  fields.rejectUnknownKeys();
  return merged;
}
