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

/** Which of the forms the API is known to answer in. The first one of each is the default. */
export interface ResponseFormats {
  /** A list as an array with paging beside it, as ONE row with paging inside (livestreams only), or nested with its paging. */
  list: (typeof LISTS)[number];
  /** The key the answer's content stands under. */
  envelope: (typeof ENVELOPES)[number];
  /** `{ error }` or the vendor's general `{ errors: [..], messages: [], result: null }`. */
  errors: (typeof ERRORS)[number];
  /** How a read says that there is nothing. */
  notFound: (typeof NOTHINGS)[number];
  /** `ingest_seconds` and `viewer_seconds`; `documented`: strings or numbers as each endpoint's page says. */
  numbers: (typeof NUMBERS)[number];
  /** `documented`: a boolean in a meeting's livestreams, elsewhere the word `disabled` or `enabled`. */
  disabled: (typeof DISABLED)[number];
  timestamps: (typeof TIMESTAMPS)[number];
  /** `now`: every `updated_at` is the moment of the answer, so that an answer somebody kept shows how old it is. */
  updatedAt: (typeof UPDATED_AT)[number];
  /** `GET /livestreams/{livestream_id}` as `{ livestream, session, paging }`, or the livestream's fields flat. */
  livestreamById: (typeof BY_ID)[number];
  /** The first page's `page_no`. */
  firstPage: (typeof FIRST_PAGES)[number];
  /** Rows a page holds at most; who asks for more gets pages of this size, and they are numbered in this size. */
  maxPerPage: number;
  paging: (typeof PAGINGS)[number];
  /** `unknown`: every status becomes `ARCHIVED`, which no page lists. */
  status: (typeof STATUSES)[number];
  /** `missing`: every object is left with its id alone. */
  optionalFields: (typeof OPTIONAL_FIELDS)[number];
}

/** The request quota of one token. */
export interface QuotaSettings {
  /** Requests in one window. */
  limit: number;
  windowSeconds: number;
  /** How long every request is refused once the limit is passed. */
  lockoutSeconds: number;
  /** False: the headers count down, but nothing is refused. */
  enforced: boolean;
}

/** How the sandbox behaves. Everything may be changed while it runs. */
export interface SandboxSettings {
  /** Delay of every answer; the request itself takes effect on arrival. */
  latencyMs: number;
  /** From a start to the first frames, that is from `INVOKED` to `LIVE`. */
  goLiveAfterMs: number;
  /** How long after a start its `playback_url` is missing. */
  playbackUrlDelayMs: number;
  /** How long after a start reads leave out the livestream's name. */
  nameDelayMs: number;
  quota: QuotaSettings;
  responseFormats: ResponseFormats;
  webhooks: WebhookSettings;
}

/** A change to some of the settings. */
export type SettingsPatch = Partial<Omit<SandboxSettings, 'quota' | 'responseFormats' | 'webhooks'>> & {
  quota?: Partial<QuotaSettings>;
  responseFormats?: Partial<ResponseFormats>;
  webhooks?: Partial<WebhookSettings>;
};

/** The API as its pages describe it, with the vendor's published limit of 1,200 requests in five minutes. */
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

/** `current` with the changes of `patch`; throws `BadInput` for an unknown key or an unusable value, changing nothing. */
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
