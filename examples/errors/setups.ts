/** A way to start the gateway. */
export interface Setup {
  /** Settings besides those of `npm start`. */
  settings: Readonly<Record<string, string>>;
  /** Why, as a sentence. */
  reason: string;
  /** JSON files that the settings name, by name. */
  files?: Readonly<Record<string, unknown>>;
}

/** `npm start`. */
export const DEFAULT_SETUP: Setup = { reason: '', settings: {} };

export const ALONE: Setup = {
  reason: 'Start a gateway for this example alone, because it sends nothing to RealtimeKit for the next 30 seconds:',
  settings: {},
};

export const WITH_SHORT_TIMEOUTS: Setup = {
  reason: 'By default, the response takes 25 seconds. With these timeouts, it takes one:',
  settings: { UPSTREAM_ATTEMPT_TIMEOUT_MS: '1000', UPSTREAM_TIMEOUT_MS: '1000' },
};

export const WITH_API_KEY: Setup = {
  reason: 'The gateway must require a credential. Here, `demo-key` is the key of a caller who may only read:',
  settings: {
    AUTH: 'api-key',
    API_KEYS: 'demo c48a01f49fd0f2cc404bc3cbbc80e91457a3d41bb429a695243de4c61794155c livestream:read',
  },
};

export const WITH_TRUSTED_DOCUMENTS: Setup = {
  reason: 'The gateway must serve only trusted documents:',
  settings: { TRUSTED_DOCUMENTS: 'trusted.json', TRUSTED_DOCUMENTS_ONLY: 'on' },
  files: { 'trusted.json': { total: '{ livestreams { totalCount } }' } },
};
